/*
 * Reads a number of MiB and, optionally, a distance in bytes (a multiple of 4, 64 if not given). Writes a word of a
 * pseudo-random sequence at every multiple of the distance in that much memory, changes every third of them on a second
 * pass, then reads all of them and prints a checksum in hexadecimal: many pages touched, little else done.
 */
#include "runtime.h"

enum { MAXIMUM_MEBIBYTES = 1024 };

static uint32_t next(uint32_t state) {
    state ^= state << 13;
    state ^= state >> 17;
    return state ^ state << 5;
}

int main(void) {
    int64_t mebibytes = read_number(MAXIMUM_MEBIBYTES);
    int64_t distance = read_number(1 << 20);
    if (distance == NO_NUMBER) distance = 64;
    if (mebibytes < 0 || distance < 4 || (distance & 3) != 0 || read_number(0) != NO_NUMBER) {
        write_text("expected a number of MiB from 0 to 1024 and a distance that is a multiple of 4 up to 1048576\n");
        return EXIT_REJECTED;
    }
    size_t words = (size_t)mebibytes << 18, step = (size_t)distance >> 2;
    uint32_t *memory = allocate(words * sizeof *memory);
    uint32_t state = 1;
    for (size_t i = 0; i < words; i += step) memory[i] = state = next(state);
    for (size_t i = 0; i < words; i += 3 * step) memory[i] += (uint32_t)i;
    uint32_t checksum = 0;
    for (size_t i = 0; i < words; i += step) checksum = (checksum << 7 | checksum >> 25) ^ memory[i];
    for (int shift = 28; shift >= 0; shift -= 4) write_byte("0123456789abcdef"[checksum >> shift & 15]);
    write_byte('\n');
    return EXIT_DONE;
}
