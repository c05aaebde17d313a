/*
 * What a sample program may use: the host calls of the machines, buffered input and output, a heap that only grows,
 * and the memory functions that the compiler expects to find.
 */
#ifndef COMMUTE_RUNTIME_H
#define COMMUTE_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Exit codes shared by all sample programs. */
enum {
    EXIT_DONE = 0,          /* the program did what it was asked */
    EXIT_REJECTED = 1,      /* the input is not acceptable; the output says why */
    EXIT_OUT_OF_MEMORY = 71, /* the host refused to move the break */
    EXIT_HOST_FAILED = 74,  /* the host refused a read or a write */
};

int main(void);

/* Writes out what is buffered and ends the program. */
_Noreturn void leave(int exit_code);

/* The next byte of input, or -1 at its end. */
int read_byte(void);

/* Moves up to `length` bytes of input to `to`; fewer only at the end of the input. Returns how many. */
size_t read_bytes(void *to, size_t length);

enum { NO_NUMBER = -1, BAD_NUMBER = -2 };

/*
 * Reads a decimal number of at most `maximum`, with blanks and line ends before it and one or the end of the input
 * after it. Returns NO_NUMBER if only blanks and line ends are left, BAD_NUMBER if something else comes.
 */
int64_t read_number(uint32_t maximum);

/* Appends to the output. Output is written out when the buffer is full and by leave(). */
void write_byte(uint8_t byte);
void write_bytes(const void *bytes, size_t length);
void write_text(const char *text);
void write_unsigned(uint64_t value);
void write_signed(int64_t value);

/* Writes a message for people to the error output, which the machines discard. */
void report(const char *text);

/* `size` zeroed bytes, aligned to 16, that stay allocated until the program ends. */
void *allocate(size_t size);

/* All of the rest of the input, in one piece, with `length` bytes. A zero byte follows that is not counted. */
struct input {
    uint8_t *bytes;
    size_t length;
};
struct input read_all(void);

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *left, const void *right, size_t length);
size_t strlen(const char *text);

#endif
