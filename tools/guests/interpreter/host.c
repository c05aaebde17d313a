/* The host calls of the user personality. */
#include "state.h"

enum { READ = 63, WRITE = 64, EXIT = 93, EXIT_GROUP = 94, BRK = 214 };
enum { BAD_DESCRIPTOR = -9, BAD_ADDRESS = -14, NO_SPACE = -28, NO_SUCH_CALL = -38 };
enum { MOST_BYTES = 1024 };

/* The ranges do not overlap: one is the program's memory, the other is not. */
static void copy(u32 to, u32 from, u32 count) {
    for (; count >= 16; count -= 16, to += 16, from += 16) {
        const any_u32 *source = (const any_u32 *)from;
        any_u32 *target = (any_u32 *)to;
        u32 a = source[0], b = source[1], c = source[2], d = source[3];
        target[0] = a;
        target[1] = b;
        target[2] = c;
        target[3] = d;
    }
    for (; count >= 4; count -= 4, to += 4, from += 4) *(any_u32 *)to = *(const any_u32 *)from;
    for (; count != 0; count--, to++, from++) *(any_u8 *)to = *(const any_u8 *)from;
}

void host_call(void) {
    struct state *state = state_page();
    struct word64 first = state->x[10];
    struct word64 buffer = state->x[11];
    struct word64 size = state->x[12];
    u32 number = state->x[17].high == 0 ? state->x[17].low : ~0u;
    u32 count = size.high != 0 || size.low > MOST_BYTES ? MOST_BYTES : size.low;
    u32 descriptor = first.low; /* it has 32 bits, whatever the register holds */
    u32 result = NO_SUCH_CALL;

    if (number == READ) {
        u32 position = state->input_position;
        u32 rest = state->input_length - position;
        if (count > rest) count = rest;
        if (descriptor != 0) result = BAD_DESCRIPTOR;
        else if (count == 0) result = 0;
        else if (!accessible(1, buffer.low, buffer.high, count)) result = BAD_ADDRESS;
        else {
            copy(buffer.low, INPUT + position, count);
            state->input_position = position + count;
            result = count;
        }
    } else if (number == WRITE) {
        u32 to_errors = descriptor == 2;
        u32 position = to_errors ? state->error_length : state->output_length;
        u32 room = (to_errors ? ERROR_BYTES : OUTPUT_BYTES) - position;
        if (descriptor - 1 > 1) result = BAD_DESCRIPTOR;
        else if (count == 0) result = 0;
        else if (!accessible(1, buffer.low, buffer.high, count)) result = BAD_ADDRESS;
        else if (room == 0) result = NO_SPACE;
        else {
            if (count > room) count = room;
            copy((to_errors ? ERRORS : OUTPUT) + position, buffer.low, count);
            if (to_errors) state->error_length = position + count;
            else state->output_length = position + count;
            result = count;
        }
    } else if (number == EXIT || number == EXIT_GROUP) {
        state->halted = 1;
        state->halt_code = first.low & 255;
        finish();
    } else if (number == BRK) {
        result = state->brk;
        if (first.high == 0 && first.low >= state->brk_start && first.low <= 0xb0000000) {
            result = first.low;
            state->brk = result;
        }
        state->x[10].low = result;
        state->x[10].high = 0;
        state->pc.low += 4;
        finish();
    }
    state->x[10].low = result;
    state->x[10].high = sign(result);
    state->pc.low += 4;
    finish();
}
