/* Host calls: `ecall` with the call's number in a7, arguments in a0 to a2, the result in a0 (negative: refused). */
#include "runtime.h"

enum { CALL_READ = 63, CALL_WRITE = 64, CALL_EXIT = 93, CALL_BRK = 214 };
enum { INPUT = 0, OUTPUT = 1, ERROR_OUTPUT = 2 };
enum { BUFFER_BYTES = 4096 };

static inline long host_call(long number, long first, long second, long third) {
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = third;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

/* The micro-machine moves whole words only between aligned places. */
static _Alignas(16) uint8_t input_buffer[BUFFER_BYTES];
static size_t input_next, input_length;
static _Alignas(16) uint8_t output_buffer[BUFFER_BYTES];
static size_t output_length;
static uintptr_t heap_next, heap_end;

static _Noreturn void stop(int exit_code) {
    for (;;) host_call(CALL_EXIT, exit_code, 0, 0);
}

static size_t read_some(uint8_t *to, size_t room) {
    long moved = host_call(CALL_READ, INPUT, (long)to, (long)room);
    if (moved < 0) stop(EXIT_HOST_FAILED);
    return (size_t)moved;
}

/* A host may take fewer bytes than offered, so this offers the rest until all are taken. */
static void write_out(void) {
    for (size_t done = 0; done < output_length;) {
        long moved = host_call(CALL_WRITE, OUTPUT, (long)(output_buffer + done), (long)(output_length - done));
        if (moved <= 0) stop(EXIT_HOST_FAILED);
        done += (size_t)moved;
    }
    output_length = 0;
}

_Noreturn void leave(int exit_code) {
    write_out();
    stop(exit_code);
}

int read_byte(void) {
    if (input_next == input_length) {
        input_next = 0;
        input_length = read_some(input_buffer, BUFFER_BYTES);
        if (input_length == 0) return -1;
    }
    return input_buffer[input_next++];
}

size_t read_bytes(void *to, size_t length) {
    uint8_t *target = to;
    size_t done = 0;
    while (done < length) {
        size_t buffered = input_length - input_next;
        if (buffered == 0) {
            size_t moved = read_some(target + done, length - done);
            if (moved == 0) break;
            done += moved;
        } else {
            size_t part = buffered < length - done ? buffered : length - done;
            memcpy(target + done, input_buffer + input_next, part);
            input_next += part;
            done += part;
        }
    }
    return done;
}

static int is_blank(int byte) {
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

int64_t read_number(uint32_t maximum) {
    int byte = read_byte();
    while (is_blank(byte)) byte = read_byte();
    if (byte < 0) return NO_NUMBER;
    if (byte < '0' || byte > '9') return BAD_NUMBER;
    uint64_t value = 0;
    for (; byte >= '0' && byte <= '9'; byte = read_byte()) {
        value = (value << 3) + (value << 1) + (uint64_t)(byte - '0');
        if (value > maximum) return BAD_NUMBER;
    }
    return byte < 0 || is_blank(byte) ? (int64_t)value : BAD_NUMBER;
}

void write_byte(uint8_t byte) {
    if (output_length == BUFFER_BYTES) write_out();
    output_buffer[output_length++] = byte;
}

void write_bytes(const void *bytes, size_t length) {
    const uint8_t *from = bytes;
    while (length != 0) {
        if (output_length == BUFFER_BYTES) write_out();
        size_t room = BUFFER_BYTES - output_length;
        size_t part = length < room ? length : room;
        memcpy(output_buffer + output_length, from, part);
        output_length += part;
        from += part;
        length -= part;
    }
}

void write_text(const char *text) {
    write_bytes(text, strlen(text));
}

void write_unsigned(uint64_t value) {
    char digits[20];
    size_t first = sizeof digits;
    while (value > UINT32_MAX) {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    }
    uint32_t small = (uint32_t)value;
    do {
        digits[--first] = (char)('0' + small % 10);
        small /= 10;
    } while (small != 0);
    write_bytes(digits + first, sizeof digits - first);
}

void write_signed(int64_t value) {
    if (value < 0) write_byte('-');
    write_unsigned(value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void report(const char *text) {
    size_t length = strlen(text);
    for (size_t done = 0; done < length;) {
        long moved = host_call(CALL_WRITE, ERROR_OUTPUT, (long)(text + done), (long)(length - done));
        if (moved <= 0) return;
        done += (size_t)moved;
    }
}

/* Makes sure that the heap reaches to `end`; the break moves in steps of at least 64 KiB. */
static void reserve(uintptr_t end) {
    if (end <= heap_end) return;
    uintptr_t wanted = (end + 0xffff) & ~(uintptr_t)0xffff;
    if (wanted < end || (uintptr_t)host_call(CALL_BRK, (long)wanted, 0, 0) != wanted) leave(EXIT_OUT_OF_MEMORY);
    heap_end = wanted;
}

static void start_heap(void) {
    if (heap_end != 0) return;
    heap_end = (uintptr_t)host_call(CALL_BRK, 0, 0, 0);
    heap_next = (heap_end + 15) & ~(uintptr_t)15;
}

void *allocate(size_t size) {
    start_heap();
    uintptr_t start = heap_next;
    if (size > UINTPTR_MAX - 15 - start) leave(EXIT_OUT_OF_MEMORY);
    uintptr_t end = (start + size + 15) & ~(uintptr_t)15;
    reserve(end);
    heap_next = end;
    return (void *)start;
}

/* The heap is contiguous, so the input grows in place. */
struct input read_all(void) {
    start_heap();
    uint8_t *start = (uint8_t *)heap_next;
    size_t length = input_length - input_next;
    reserve(heap_next + length + 1);
    memcpy(start, input_buffer + input_next, length);
    input_next = input_length;
    for (;;) {
        reserve(heap_next + length + 2);
        size_t room = heap_end - heap_next - length - 1;
        size_t moved = read_some(start + length, room);
        if (moved == 0) break;
        length += moved;
    }
    start[length] = 0;
    heap_next = (heap_next + length + 16) & ~(uintptr_t)15;
    return (struct input){ start, length };
}
