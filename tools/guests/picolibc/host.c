/* What picolibc asks of its environment, in terms of the host calls: streams, the end of the program, the heap. */
#include <stdio.h>
#include <stdlib.h>

static long host_call(long number, long first, long second, long third) {
    register long a0 __asm__("a0") = first;
    register long a1 __asm__("a1") = second;
    register long a2 __asm__("a2") = third;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

static _Alignas(16) char output[1024];
static size_t output_length;

static int flush(FILE *file) {
    (void)file;
    for (size_t done = 0; done < output_length;) {
        long moved = host_call(64, 1, (long)(output + done), (long)(output_length - done));
        if (moved <= 0) return EOF;
        done += (size_t)moved;
    }
    output_length = 0;
    return 0;
}

static int put(char byte, FILE *file) {
    if (output_length == sizeof output && flush(file) != 0) return EOF;
    output[output_length++] = byte;
    return (unsigned char)byte;
}

static _Alignas(16) unsigned char input[1024];
static long input_next, input_length;

static int get(FILE *file) {
    (void)file;
    if (input_next == input_length) {
        input_next = 0;
        input_length = host_call(63, 0, (long)input, sizeof input);
        if (input_length <= 0) {
            input_length = 0;
            return EOF;
        }
    }
    return input[input_next++];
}

static FILE stream = FDEV_SETUP_STREAM(put, get, flush, _FDEV_SETUP_RW);
FILE *const stdin = &stream;
FILE *const stdout = &stream;
FILE *const stderr = &stream;

void _exit(int code) {
    flush(&stream);
    for (;;) host_call(93, code, 0, 0);
}

void *sbrk(ptrdiff_t growth) {
    long end = host_call(214, 0, 0, 0);
    if (growth != 0 && host_call(214, end + growth, 0, 0) != end + growth) return (void *)-1;
    return (void *)end;
}
