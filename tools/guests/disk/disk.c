/* Requests and answers are multiples of four bytes at aligned places, which the micro-machine moves as whole words. */
#include "disk.h"
#include "runtime.h"

enum { CALL_READ = 63, CALL_WRITE = 64, INPUT = 0, OUTPUT = 1 };
enum { REQUEST_PUT = 1, REQUEST_WRITE = 2, REQUEST_READ = 3, REQUEST_TAKE = 4 };

static inline long move(long call, long file, uintptr_t place, size_t length) {
    register long a0 __asm__("a0") = file;
    register long a1 __asm__("a1") = (long)place;
    register long a2 __asm__("a2") = (long)length;
    register long a7 __asm__("a7") = call;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

static void move_all(long call, long file, uintptr_t place, size_t length) {
    while (length != 0) {
        long moved = move(call, file, place, length);
        if (moved <= 0) leave(EXIT_HOST_FAILED);
        place += (size_t)moved;
        length -= (size_t)moved;
    }
}

static void send(const void *from, size_t length) {
    move_all(CALL_WRITE, OUTPUT, (uintptr_t)from, length);
}

static void receive(void *to, size_t length) {
    move_all(CALL_READ, INPUT, (uintptr_t)to, length);
}

static void request(uint32_t kind, uint32_t argument) {
    uint32_t head[2] = { kind, argument };
    send(head, sizeof head);
}

void disk_read(uint32_t block, void *to) {
    request(REQUEST_READ, block);
    receive(to, BLOCK_BYTES);
}

void disk_write(uint32_t block, const void *from) {
    request(REQUEST_WRITE, block);
    send(from, BLOCK_BYTES);
}

size_t disk_take(void *to, size_t length) {
    request(REQUEST_TAKE, (uint32_t)length);
    uint32_t given;
    receive(&given, sizeof given);
    if (given > length) leave(EXIT_HOST_FAILED);
    receive(to, (given + 3) & ~(size_t)3);
    return given;
}

void disk_put(const void *from, size_t length) {
    request(REQUEST_PUT, (uint32_t)length);
    size_t whole = length & ~(size_t)3;
    send(from, whole);
    if (whole == length) return;
    uint32_t last = 0;
    memcpy(&last, (const uint8_t *)from + whole, length - whole);
    send(&last, sizeof last);
}
