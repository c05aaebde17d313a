/* The four memory functions that the compiler may call, and strlen. Words are moved where both sides are aligned. */
#include "runtime.h"

#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns") /* or the loop in memcpy would become a call of memcpy */
#endif

typedef unsigned long __attribute__((may_alias)) word;
enum { WORD_BYTES = sizeof(word) };

static inline int aligned(const void *left, const void *right) {
    return (((uintptr_t)left | (uintptr_t)right) & (WORD_BYTES - 1)) == 0;
}

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    uint8_t *target = to;
    const uint8_t *source = from;
    if (aligned(target, source)) {
        for (; length >= WORD_BYTES; length -= WORD_BYTES, target += WORD_BYTES, source += WORD_BYTES) {
            *(word *)target = *(const word *)source;
        }
    }
    while (length-- != 0) *target++ = *source++;
    return to;
}

void *memmove(void *to, const void *from, size_t length) {
    uint8_t *target = to;
    const uint8_t *source = from;
    if ((uintptr_t)target - (uintptr_t)source >= length) return memcpy(to, from, length);
    while (length-- != 0) target[length] = source[length];
    return to;
}

void *memset(void *to, int byte, size_t length) {
    uint8_t *target = to;
    if (aligned(target, target)) {
        word pattern = (uint8_t)byte;
        pattern |= pattern << 8;
        pattern |= pattern << 16;
        if (WORD_BYTES == 8) pattern |= pattern << 16 << 16;
        for (; length >= WORD_BYTES; length -= WORD_BYTES, target += WORD_BYTES) *(word *)target = pattern;
    }
    while (length-- != 0) *target++ = (uint8_t)byte;
    return to;
}

int memcmp(const void *left, const void *right, size_t length) {
    const uint8_t *a = left;
    const uint8_t *b = right;
    for (; length != 0; length--, a++, b++) {
        if (*a != *b) return *a - *b;
    }
    return 0;
}

size_t strlen(const char *text) {
    size_t length = 0;
    while (text[length] != 0) length++;
    return length;
}
