/* Loads and stores off the beaten track, the timer device, the host's doubleword, and atomic instructions. */
#include "state.h"

enum { DEVICE_MSIP = 0x02000000, DEVICE_MTIMECMP = 0x02004000, DEVICE_TIME = 0x0200bff8 };

/* The word of a doubleword register at `address`; size 8 is for the register's own address only. */
static int in_register(u32 address, u32 size, u32 base) {
    return address == base ? size >= 4 : address == base + 4 && size == 4;
}

void slow_load(u32 base_low, u32 base_high, u32 offset, u32 kind, u32 rd, u32 length) {
    struct state *state = state_page();
    u32 address = base_low + offset;
    u32 high = base_high + sign(offset) + (address < offset);
    u32 size = kind & 15;
    struct word64 loaded = { 0, 0 };
    if (accessible(state->user, address, high, size)) {
        if (size == 1) loaded.low = *(const any_u8 *)address;
        else if (size == 2) loaded.low = *(const any_u16 *)address;
        else {
            loaded.low = *(const any_u32 *)address;
            if (size == 8) loaded.high = *(const any_u32 *)(address + 4);
        }
    } else if (state->user || high != 0) {
        goto fault;
    } else if (address == DEVICE_MSIP && size == 4) {
        loaded.low = state->msip;
    } else if (in_register(address, size, DEVICE_MTIMECMP)) {
        loaded = state->mtimecmp;
        if (address & 4) loaded.low = loaded.high;
    } else if (in_register(address, size, DEVICE_TIME)) {
        loaded = halves(whole(state->time) - 1);
        if (address & 4) loaded.low = loaded.high;
    } else {
        goto fault;
    }
    if (size != 8) {
        u32 unused = 32 - 8 * size;
        if (kind & ZERO_EXTEND) loaded.high = 0;
        else {
            loaded.low = (u32)((i32)(loaded.low << unused) >> unused);
            loaded.high = sign(loaded.low);
        }
    }
    write_register(state, rd, loaded.low, loaded.high);
    state->pc.low += length;
    finish();
fault:
    trap(LOAD_FAULT, address, high);
}

void look_at_tohost(struct state *state, u32 address, u32 size) {
    u32 tohost = state->tohost.low;
    if (state->user || address - tohost + size - 1 >= size + 7 || tohost == 0) return;
    if (!accessible(state->user, tohost, state->tohost.high, 8)) return;
    any_u32 *word = (any_u32 *)tohost;
    u32 low = word[0];
    u32 high = word[1];
    if (low & 1) {
        state->halted = 1;
        state->halt_code = low >> 1 | high << 31;
    } else if (high >> 16 == 0x0101) {
        u32 length = state->output_length;
        if (length < OUTPUT_BYTES) {
            *(any_u8 *)(OUTPUT + length) = (u8)low;
            state->output_length = length + 1;
        }
        word[0] = 0;
        word[1] = 0;
    }
}

void slow_store(u32 base_low, u32 base_high, u32 offset, u32 size, u32 value_low, u32 value_high, u32 length) {
    struct state *state = state_page();
    u32 address = base_low + offset;
    u32 high = base_high + sign(offset) + (address < offset);
    if (accessible(state->user, address, high, size)) {
        if (size == 1) *(any_u8 *)address = (u8)value_low;
        else if (size == 2) *(any_u16 *)address = (u16)value_low;
        else {
            *(any_u32 *)address = value_low;
            if (size == 8) *(any_u32 *)(address + 4) = value_high;
        }
        state->pc.low += length;
        look_at_tohost(state, address, size);
        finish();
    }
    if (state->user || high != 0) goto fault;
    if (address == DEVICE_MSIP && size == 4) {
        state->msip = value_low & 1;
    } else if (in_register(address, size, DEVICE_MTIMECMP)) {
        if (address & 4) state->mtimecmp.high = value_low;
        else state->mtimecmp.low = value_low;
        if (size == 8) state->mtimecmp.high = value_high;
    } else {
        goto fault;
    }
    state->pc.low += length;
    finish();
fault:
    trap(STORE_FAULT, address, high);
}

enum {
    AMO_ADD = 0x00,
    AMO_SWAP = 0x01,
    LOAD_RESERVED = 0x02,
    STORE_CONDITIONAL = 0x03,
    AMO_XOR = 0x04,
    AMO_OR = 0x08,
    AMO_AND = 0x0c,
    AMO_MIN = 0x10,
    AMO_MAX = 0x14,
    AMO_MIN_UNSIGNED = 0x18,
    AMO_MAX_UNSIGNED = 0x1c,
};

/* A bit for each function that exists. */
#define FUNCTIONS                                                                                           \
    (1u << AMO_ADD | 1u << AMO_SWAP | 1u << LOAD_RESERVED | 1u << STORE_CONDITIONAL | 1u << AMO_XOR         \
     | 1u << AMO_OR | 1u << AMO_AND | 1u << AMO_MIN | 1u << AMO_MAX | 1u << AMO_MIN_UNSIGNED                \
     | 1u << AMO_MAX_UNSIGNED)

/* funct3 is 2 or 3. */
void atomic(u32 instruction) {
    struct state *state = state_page();
    u32 function = instruction >> 27;
    u32 size = instruction & 0x1000 ? 8 : 4;
    u32 rs2 = RS2(instruction);
    if (!(FUNCTIONS >> function & 1) || (function == LOAD_RESERVED && rs2 != 0)) {
        illegal(instruction);
        return;
    }
    struct word64 address = *X(state, RS1(instruction));
    u32 is_store = function != LOAD_RESERVED;
    if (address.low & (size - 1)) {
        trap(is_store ? STORE_MISALIGNED : LOAD_MISALIGNED, address.low, address.high);
        return;
    }
    if (!accessible(state->user, address.low, address.high, size)) {
        trap(is_store ? STORE_FAULT : LOAD_FAULT, address.low, address.high);
        return;
    }
    any_u32 *word = (any_u32 *)address.low;
    struct word64 b = *X(state, rs2);
    struct word64 result = { 0, 0 };
    struct word64 stored = b;
    u32 stores = is_store;
    if (function == STORE_CONDITIONAL) {
        stores = state->reservation_valid && state->reservation.low == address.low
                 && state->reservation.high == address.high;
        state->reservation_valid = 0;
        result.low = !stores;
    } else {
        result.low = word[0];
        result.high = size == 8 ? word[1] : sign(result.low);
        if (size == 4) b.high = sign(b.low);
        u32 below_unsigned = result.high < b.high || (result.high == b.high && result.low < b.low);
        u32 below = result.high == b.high ? below_unsigned : (i32)result.high < (i32)b.high;
        u32 keep = 0;
        switch (function) {
            case LOAD_RESERVED:
                state->reservation_valid = 1;
                state->reservation = address;
                break;
            case AMO_ADD:
                stored.low = result.low + b.low;
                stored.high = result.high + b.high + (stored.low < b.low);
                break;
            case AMO_XOR:
                stored.low = result.low ^ b.low;
                stored.high = result.high ^ b.high;
                break;
            case AMO_OR:
                stored.low = result.low | b.low;
                stored.high = result.high | b.high;
                break;
            case AMO_AND:
                stored.low = result.low & b.low;
                stored.high = result.high & b.high;
                break;
            case AMO_MIN:
                keep = below;
                break;
            case AMO_MAX:
                keep = !below;
                break;
            case AMO_MIN_UNSIGNED:
                keep = below_unsigned;
                break;
            case AMO_MAX_UNSIGNED:
                keep = !below_unsigned;
                break;
        }
        if (keep) stored = result;
    }
    if (stores) {
        word[0] = stored.low;
        if (size == 8) word[1] = stored.high;
    }
    write_register(state, RD(instruction), result.low, result.high);
    state->pc.low += 4;
    if (stores) look_at_tohost(state, address.low, size);
    finish();
}
