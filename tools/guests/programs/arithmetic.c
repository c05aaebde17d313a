/*
 * Reads pairs of 64-bit words, little-endian, and writes what every operation of the C language on integers gives for
 * them, 20 words per pair. Division by zero gives what the M extension says: all ones, and the dividend as remainder.
 */
#include "runtime.h"

static void write_word(uint64_t value) {
    write_bytes(&value, sizeof value);
}

int main(void) {
    uint64_t pair[2];
    while (read_bytes(pair, sizeof pair) == sizeof pair) {
        uint64_t a = pair[0], b = pair[1];
        uint32_t c = (uint32_t)a, d = (uint32_t)b;
        int64_t signed_a = (int64_t)a, signed_b = (int64_t)b;
        int32_t signed_c = (int32_t)c, signed_d = (int32_t)d;
        write_word(a * b);
        write_word(a / b);
        write_word(a % b);
        write_word((uint64_t)(signed_a / signed_b));
        write_word((uint64_t)(signed_a % signed_b));
        write_word(a << (b & 63));
        write_word(a >> (b & 63));
        write_word((uint64_t)(signed_a >> (b & 63)));
        write_word(c * d);
        write_word(c / d);
        write_word(c % d);
        write_word((uint32_t)(signed_c / signed_d));
        write_word((uint32_t)(signed_c % signed_d));
        write_word((uint64_t)c * d);
        write_word((uint64_t)((int64_t)signed_c * signed_d));
        write_word(a == 0 ? 64 : (uint64_t)__builtin_clzll(a));
        write_word(a == 0 ? 64 : (uint64_t)__builtin_ctzll(a));
        write_word((uint64_t)__builtin_popcountll(a));
        write_word(__builtin_bswap64(a));
        write_word(__builtin_bswap32(c));
    }
    return EXIT_DONE;
}
