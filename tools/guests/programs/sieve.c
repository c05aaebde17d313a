/*
 * Reads a bound in decimal and prints the number of primes up to it and the last of them: "25 97", or "0 none". The
 * sieve of Eratosthenes over odd numbers, one bit each.
 */
#include "runtime.h"

enum { MAXIMUM = 1000000000 };

int main(void) {
    int64_t bound = read_number(MAXIMUM);
    if (bound < 0 || read_number(0) != NO_NUMBER) {
        write_text("expected a number from 0 to 1000000000\n");
        return EXIT_REJECTED;
    }
    if (bound < 2) {
        write_text("0 none\n");
        return EXIT_DONE;
    }
    uint32_t odd_count = ((uint32_t)bound + 1) / 2; /* bit i stands for 2 i + 1 */
    uint32_t *composite = allocate((odd_count / 32 + 1) * sizeof *composite);
    uint32_t primes = 1, last = 2;
    uint32_t square_index = 4; /* of 3 * 3; grows by the difference of squares, which needs no multiplication */
    for (uint32_t i = 1; i < odd_count; square_index += 4 * i + 4, i++) {
        if (composite[i >> 5] >> (i & 31) & 1) continue;
        uint32_t prime = 2 * i + 1;
        primes++;
        last = prime;
        if (square_index >= odd_count || i > 16383) continue; /* 2 * 16383 + 1 is above the root of MAXIMUM */
        for (uint32_t j = square_index; j < odd_count; j += prime) composite[j >> 5] |= UINT32_C(1) << (j & 31);
    }
    write_unsigned(primes);
    write_byte(' ');
    write_unsigned(last);
    write_byte('\n');
    return EXIT_DONE;
}
