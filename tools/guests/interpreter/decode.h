/*
 * The pieces that step() is put together from: fields of instructions, and what most instructions do with them. They are
 * macros because they end the step, and because they use the variables of step(): state, user, pc and insn.
 */
#ifndef INTERPRETER_DECODE_H
#define INTERPRETER_DECODE_H

#include "state.h"

/* Decoding: a compressed instruction by its low two bits and funct3, another one by its opcode and funct3. */
#define LONG_ENTRY(instruction) (((instruction) >> 5 & 0x380) | ((instruction) & 0x7c))
#define SHORT_ENTRY(instruction) ((((instruction) >> 9 & 0x70) | ((instruction) & 3) << 2) + 4 * 256)
#define DISPATCH(offset) goto *(*(const void *const *)(DISPATCH_TABLE + (offset)))

/*
 * True if the base of a load or store is so far inside the RAM that every offset is too. Everything else, the device
 * included, takes the slow way.
 */
#define PLAIN(base)                                                             \
    (likely((base).high == 0)                                                   \
     && ((likely((base).low - 0x1000 < 0xbfffe000)                              \
          && (user || likely((base).low - 0x01fff000 >= 0xe000)))               \
         || (base).low - 0xe1001000 < 0x0effe000))

/* True if an instruction at pc is so far inside the RAM that all of it is. */
#define PLAIN_FETCH(pc)                                                          \
    ((likely((pc) < 0xbffff000) && (user || likely((pc) - 0x01fff000 >= 0xe000))) \
     || (pc) - 0xe1000000 < 0x0efff000)

/* True if a plain store is far from the host's doubleword. */
#define UNSEEN(address) (user || likely((address) - state->tohost.low + 7 >= 15))

#define NEXT(length)                    \
    do {                                \
        state->pc.low = pc + (length);  \
        finish();                       \
    } while (0)

#define RESULT(rd, result_low, result_high, length)                \
    do {                                                           \
        write_register(state, rd, (result_low), (result_high));    \
        NEXT(length);                                              \
    } while (0)

#define WORD_RESULT(rd, expression, length)             \
    do {                                                \
        u32 word_result = (expression);                 \
        RESULT(rd, word_result, sign(word_result), length); \
    } while (0)

/* Registers x8 to x15 of compressed instructions: bits 4 to 2 and 9 to 7. */
#define SHORT_RD(instruction) (((instruction) << 1 & 0x38) + 64)
#define SHORT_RS1(instruction) (((instruction) >> 4 & 0x38) + 64)
/* Full register fields of compressed instructions: bits 11 to 7 and 6 to 2. */
#define SHORT_FULL(instruction) RD(instruction)
#define SHORT_FULL2(instruction) ((instruction) << 1 & 0xf8)
/* The sign-extended immediate in bit 12 and bits 6 to 2. */
#define SHORT_IMMEDIATE(instruction) (((u32)((i32)((instruction) << 19) >> 26) & ~31u) | ((instruction) >> 2 & 31))
#define SHORT_SHIFT(instruction) (((instruction) >> 7 & 32) | ((instruction) >> 2 & 31))

#define LOAD(base, offset, kind, type, extension, rd, length)                                 \
    do {                                                                                      \
        struct word64 base_value = (base);                                                    \
        u32 offset_value = (offset);                                                          \
        if (!PLAIN(base_value)) {                                                             \
            slow_load(base_value.low, base_value.high, offset_value, kind, rd, length);       \
            return;                                                                           \
        }                                                                                     \
        u32 address = base_value.low + offset_value;                                          \
        u32 loaded = (u32)*(const type *)address;                                             \
        RESULT(rd, loaded, extension, length);                                                \
    } while (0)

#define SIGNED_LOAD(base, offset, kind, type, rd, length) LOAD(base, offset, kind, type, sign(loaded), rd, length)
#define UNSIGNED_LOAD(base, offset, kind, type, rd, length) \
    LOAD(base, offset, (kind) + ZERO_EXTEND, type, 0, rd, length)
#define DOUBLE_LOAD(base, offset, rd, length) \
    LOAD(base, offset, 8, any_u32, *(const any_u32 *)(address + 4), rd, length)

#define STORE_HEAD(base, offset, size, value, length)                                             \
    struct word64 base_value = (base);                                                            \
    u32 offset_value = (offset);                                                                  \
    u32 address = base_value.low + offset_value;                                                  \
    struct word64 stored = (value);                                                               \
    if (!PLAIN(base_value) || !UNSEEN(address)) {                                                 \
        slow_store(base_value.low, base_value.high, offset_value, size, stored.low, stored.high, length); \
        return;                                                                                   \
    }

#define STORE(base, offset, size, type, value, length)     \
    do {                                                   \
        STORE_HEAD(base, offset, size, value, length)      \
        *(type *)address = (type)stored.low;               \
        NEXT(length);                                      \
    } while (0)

#define DOUBLE_STORE(base, offset, value, length)      \
    do {                                               \
        STORE_HEAD(base, offset, 8, value, length)     \
        *(any_u32 *)address = stored.low;              \
        *(any_u32 *)(address + 4) = stored.high;       \
        NEXT(length);                                  \
    } while (0)

/* A jump by an offset of at most 1 MiB: only backwards can it leave the low 2^32, into the highest addresses. */
#define JUMP(offset)                                          \
    do {                                                      \
        u32 distance = (offset);                              \
        u32 target = pc + distance;                           \
        state->pc.low = target;                               \
        if ((i32)distance < 0 && unlikely(target >= pc)) state->pc.high = ~0u; \
        finish();                                             \
    } while (0)

#define JUMP_REGISTER(target_low, target_high)            \
    do {                                                  \
        u32 high_value = (target_high);                   \
        state->pc.low = (target_low);                     \
        if (unlikely(high_value)) state->pc.high = high_value; \
        finish();                                         \
    } while (0)

#define I_IMMEDIATE ((u32)((i32)insn >> 20))
#define S_IMMEDIATE (((u32)((i32)insn >> 20) & ~31u) | (insn >> 7 & 31))
#define B_IMMEDIATE \
    (((u32)((i32)insn >> 19) & ~0xfffu) | (insn << 4 & 0x800) | (insn >> 20 & 0x7e0) | (insn >> 7 & 0x1e))
#define J_IMMEDIATE \
    (((u32)((i32)insn >> 11) & ~0xfffffu) | (insn & 0xff000) | (insn >> 9 & 0x800) | (insn >> 20 & 0x7fe))

#define CB_OFFSET                                                                                             \
    (((u32)((i32)(insn << 19) >> 23) & ~0xffu) | (insn << 1 & 0xc0) | (insn << 3 & 0x20) | (insn >> 7 & 0x18) \
     | (insn >> 2 & 6))
#define CJ_OFFSET                                                                                              \
    (((u32)((i32)(insn << 19) >> 20) & ~0x7ffu) | (insn >> 1 & 0x300) | (insn << 2 & 0x400) | (insn << 1 & 0x80) \
     | (insn >> 1 & 0x40) | (insn << 3 & 0x20) | (insn >> 7 & 0x10) | (insn >> 2 & 0xe))

#define BRANCH(condition)                          \
    do {                                           \
        struct word64 a = *X(state, RS1(insn));    \
        struct word64 b = *X(state, RS2(insn));    \
        if (condition) JUMP(B_IMMEDIATE);          \
        NEXT(4);                                   \
    } while (0)

#define EQUAL (a.low == b.low && a.high == b.high)
#define LESS ((i32)a.high < (i32)b.high || (a.high == b.high && a.low < b.low))
#define LESS_UNSIGNED (a.high < b.high || (a.high == b.high && a.low < b.low))

/* Shifts of 64 bits. The machine's own shifts take the count modulo 32, so ~n stands for 31 - n. */
#define SHIFT_LEFT(rd, value, n, length)                                                        \
    do {                                                                                        \
        if ((n) & 32) RESULT(rd, 0, (value).low << ((n) & 31), length);                         \
        RESULT(rd, (value).low << ((n) & 31),                                                   \
               (value).high << ((n) & 31) | (value).low >> 1 >> (~(n) & 31), length);           \
    } while (0)
#define SHIFT_RIGHT(rd, value, n, length)                                                       \
    do {                                                                                        \
        if ((n) & 32) RESULT(rd, (value).high >> ((n) & 31), 0, length);                        \
        RESULT(rd, (value).low >> ((n) & 31) | (value).high << 1 << (~(n) & 31),                \
               (value).high >> ((n) & 31), length);                                             \
    } while (0)
#define SHIFT_RIGHT_SIGNED(rd, value, n, length)                                                \
    do {                                                                                        \
        if ((n) & 32) RESULT(rd, (u32)((i32)(value).high >> ((n) & 31)), sign((value).high), length); \
        RESULT(rd, (value).low >> ((n) & 31) | (value).high << 1 << (~(n) & 31),                \
               (u32)((i32)(value).high >> ((n) & 31)), length);                                 \
    } while (0)

/* Operands of an instruction of 32 bits. */
#define A (*X(state, RS1(insn)))
#define B (*X(state, RS2(insn)))

/* Offsets of compressed loads and stores by register. */
#define CL_WORD ((insn >> 7 & 0x38) | (insn >> 4 & 4) | (insn << 1 & 0x40))
#define CL_DOUBLE ((insn >> 7 & 0x38) | (insn << 1 & 0xc0))

/* The other functions of the opcode: only funct7 = 0, or the M extension. */
#define PLAIN_OR_MULTIPLY                     \
    u32 function = insn >> 25;                \
    struct word64 a = A;                      \
    struct word64 b = B;                      \
    if (unlikely(function != 0)) {            \
        if (function != 1) goto bad;          \
        goto multiply_or_divide;              \
    }

#endif
