/* Numbers the lines of the input and prints their mean length: stdio, malloc and floating point of a stock C library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void) {
    char line[256];
    int lines = 0;
    size_t total = 0;
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *copy = strdup(line);
        if (copy == NULL) return EXIT_FAILURE;
        total += strlen(copy);
        printf("%3d %s", ++lines, copy);
        free(copy);
    }
    printf("mean length %.3f\n", lines == 0 ? 0.0 : (double)total / lines);
    return EXIT_SUCCESS;
}
