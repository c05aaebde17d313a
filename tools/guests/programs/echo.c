/* Copies the input to the output. */
#include "runtime.h"

int main(void) {
    for (int byte; (byte = read_byte()) >= 0;) write_byte((uint8_t)byte);
    return EXIT_DONE;
}
