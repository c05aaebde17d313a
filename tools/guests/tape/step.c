/*
 * One step of the tape machine, an example of a machine above the fast one: seven instructions, cells of a byte. Its state
 * lies where this program finds it by address; the program itself, its stack and its registers are the auxiliary state.
 */
#include <stdint.h>

enum { CODE_WORDS = 16384, TAPE_BYTES = 65536, OUTPUT_BYTES = 65536 };

struct tape_machine {
    uint32_t instruction; /* index of the next instruction */
    uint32_t cell;        /* index of the present cell */
    uint32_t halted;
    uint32_t output_length;
    uint32_t code_length;
    uint32_t unused[16384 - 5];
    uint32_t code[CODE_WORDS]; /* a character, and for a bracket its partner's index times 256 */
    uint8_t tape[TAPE_BYTES];
    uint8_t output[OUTPUT_BYTES];
};

static void exit_step(void) {
    register long a0 __asm__("a0") = 0;
    register long a7 __asm__("a7") = 93;
    __asm__ volatile("ecall" : : "r"(a0), "r"(a7) : "memory");
}

void _start(void) {
    struct tape_machine *machine = (struct tape_machine *)0x90000000;
    if (machine->halted == 0) {
        uint32_t at = machine->instruction;
        if (at >= machine->code_length || at >= CODE_WORDS) {
            machine->halted = 1;
        } else {
            uint32_t word = machine->code[at];
            uint8_t *cell = &machine->tape[machine->cell % TAPE_BYTES];
            uint32_t next = at + 1;
            switch (word & 255) {
                case '+':
                    ++*cell;
                    break;
                case '-':
                    --*cell;
                    break;
                case '>':
                    machine->cell = (machine->cell + 1) % TAPE_BYTES;
                    break;
                case '<':
                    machine->cell = (machine->cell - 1) % TAPE_BYTES;
                    break;
                case '.':
                    if (machine->output_length < OUTPUT_BYTES) machine->output[machine->output_length++] = *cell;
                    break;
                case '[':
                    if (*cell == 0) next = (word >> 8) + 1;
                    break;
                case ']':
                    if (*cell != 0) next = (word >> 8) + 1;
                    break;
            }
            machine->instruction = next;
        }
    }
    exit_step();
}
