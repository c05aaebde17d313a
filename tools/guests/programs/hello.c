/* Prints a greeting. */
#include "runtime.h"

int main(void) {
    write_text("hello\n");
    return EXIT_DONE;
}
