/*
 * Reads a bound in decimal and prints which start from 1 to the bound takes the most Collatz steps to reach 1, and how
 * many: "97 118". Of several, the smallest. Computation only, for as long as one wants.
 */
#include "runtime.h"

enum { MAXIMUM = 10000000 }; /* chains that start below stay below 2^64 */

int main(void) {
    int64_t bound = read_number(MAXIMUM);
    if (bound < 1 || read_number(0) != NO_NUMBER) {
        write_text("expected a number from 1 to 10000000\n");
        return EXIT_REJECTED;
    }
    uint32_t best = 1, most = 0;
    for (uint32_t start = 1; start <= (uint32_t)bound; start++) {
        uint32_t steps = 0;
        for (uint64_t value = start; value != 1; steps++) {
            value = value & 1 ? (value << 1) + value + 1 : value >> 1;
        }
        if (steps > most) {
            best = start;
            most = steps;
        }
    }
    write_unsigned(best);
    write_byte(' ');
    write_unsigned(most);
    write_byte('\n');
    return EXIT_DONE;
}
