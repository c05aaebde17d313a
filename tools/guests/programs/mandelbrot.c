/*
 * Reads a width, a height and a number of iterations and draws the Mandelbrot set in characters. Fixed-point numbers
 * with 12 fractional bits; one 32-bit multiplication per product.
 */
#include "runtime.h"

enum { FRACTION_BITS = 12, ONE = 1 << FRACTION_BITS };

int main(void) {
    int32_t width = (int32_t)read_number(1000);
    int32_t height = (int32_t)read_number(1000);
    int32_t iterations = (int32_t)read_number(10000);
    if (width < 1 || height < 1 || iterations < 1 || read_number(0) != NO_NUMBER) {
        write_text("expected a width and a height up to 1000 and a number of iterations up to 10000\n");
        return EXIT_REJECTED;
    }
    static const char shades[] = " .:-=+*#%";
    for (int32_t row = 0; row < height; row++) {
        int32_t imaginary = (2 * ONE * row + ONE * row / 2) / height - ONE - ONE / 4; /* -1.25 to 1.25 */
        for (int32_t column = 0; column < width; column++) {
            int32_t real = 3 * ONE * column / width - 2 * ONE - ONE / 4; /* -2.25 to 0.75 */
            int32_t x = 0, y = 0, count = 0;
            for (; count < iterations; count++) {
                int32_t xx = x * x >> FRACTION_BITS, yy = y * y >> FRACTION_BITS;
                if (xx + yy > 4 * ONE) break;
                y = (x * y >> (FRACTION_BITS - 1)) + imaginary;
                x = xx - yy + real;
            }
            write_byte(count == iterations ? '@' : (uint8_t)shades[count % 9]);
        }
        write_byte('\n');
    }
    return EXIT_DONE;
}
