/* One step of the fast machine: the clock, interrupts, fetch, and every instruction that is not worth a call. */
#include "decode.h"
#include "state.h"

/* A row of the table for one funct3, by opcode. */
#define ROW(load, fence, op_imm, op_imm_32, store, amo, op, op_32, branch, jalr, system)                      \
    load, &&bad, &&bad, fence, op_imm, &&auipc, op_imm_32, &&bad, store, &&bad, &&bad, amo, op, &&lui, op_32, \
        &&bad, &&bad, &&bad, &&bad, &&bad, &&bad, &&bad, &&bad, &&bad, branch, jalr, &&bad, &&jal, system,    \
        &&bad, &&bad, &&bad

__attribute__((section(".text.step"))) void step(void) {
    static const void *const table[256 + 32] __attribute__((used, section(".dispatch"))) = {
        ROW(&&lb, &&fence, &&addi, &&addiw, &&sb, &&bad, &&op_add, &&op32_add, &&beq, &&jalr, &&environment_call),
        ROW(&&lh, &&fence, &&slli, &&slliw, &&sh, &&bad, &&op_sll, &&op32_sll, &&bne, &&bad, &&csr),
        ROW(&&lw, &&bad, &&slti, &&bad, &&sw, &&amo, &&op_slt, &&bad, &&bad, &&bad, &&csr),
        ROW(&&ld, &&bad, &&sltiu, &&bad, &&sd, &&amo, &&op_sltu, &&bad, &&bad, &&bad, &&csr),
        ROW(&&lbu, &&bad, &&xori, &&bad, &&bad, &&bad, &&op_xor, &&op32_div, &&blt, &&bad, &&bad),
        ROW(&&lhu, &&bad, &&srli, &&srliw, &&bad, &&bad, &&op_srl, &&op32_srl, &&bge, &&bad, &&csr),
        ROW(&&lwu, &&bad, &&ori, &&bad, &&bad, &&bad, &&op_or, &&op32_rem, &&bltu, &&bad, &&csr),
        ROW(&&bad, &&bad, &&andi, &&bad, &&bad, &&bad, &&op_and, &&op32_rem, &&bgeu, &&bad, &&csr),
        /* Compressed: quadrants 0, 1, 2 of funct3 0 to 7; the fourth is not compressed. */
        &&c_addi4spn, &&c_addi,  &&c_slli, &&bad, &&c_bad, &&c_addiw, &&c_bad,  &&bad,
        &&c_lw,       &&c_li,    &&c_lwsp, &&bad, &&c_ld,  &&c_lui,   &&c_ldsp, &&bad,
        &&c_bad,      &&c_alu,   &&c_move, &&bad, &&c_bad, &&c_j,     &&c_bad,  &&bad,
        &&c_sw,       &&c_beqz,  &&c_swsp, &&bad, &&c_sd,  &&c_bnez,  &&c_sdsp, &&bad,
    };
    struct state *state = state_page();
    u32 user, pc, insn;

    if (unlikely(state->log2_period)) {
        u32 low = state->clock.low + 1;
        u32 high = state->clock.high + (low == 0);
        if (low == 1u << (state->log2_period & 31) && high == 0) {
            /* An overrun is an error of the machine: no state follows, so this step never ends either. */
            if (state->halted == 0) {
                for (;;) __asm__ volatile("");
            }
            micro_call(HOST_CLEAN, 0);
            finish();
        }
        state->clock.low = low;
        if (low == 0) state->clock.high = high;
    }
    if (unlikely(state->halted)) finish();

    /* From here on the field is T + 1. */
    u32 time = state->time.low + 1;
    state->time.low = time;
    if (unlikely(time == 0)) state->time.high++;

    user = state->user;
    if (!user) {
        u32 inhibited = state->mcountinhibit.low;
        if (unlikely(inhibited)) {
            /* What happens at the end of the step is done here; access_csr() and enter() know it. */
            if ((inhibited & INHIBIT_CYCLE) && state->cycle_offset.low-- == 0) state->cycle_offset.high--;
            if ((inhibited & INHIBIT_INSTRET) && state->instret_offset.low-- == 0) state->instret_offset.high--;
        }
        if ((state->mstatus.low & MIE) && state->mie.low) {
            u32 pending = state->msip << 3;
            if (whole(state->time) - 1 >= whole(state->mtimecmp)) pending |= 1 << 7;
            if (pending & state->mie.low) {
                interrupt();
                return;
            }
        }
    }

    pc = state->pc.low;
    if (unlikely(state->pc.high)) {
        trap(FETCH_FAULT, pc, state->pc.high);
        return;
    }
    if (!PLAIN_FETCH(pc)) {
        if (!accessible(user, pc, 0, 2)) {
            trap(FETCH_FAULT, pc, 0);
            return;
        }
        if ((*(const any_u16 *)pc & 3) == 3 && !accessible(user, pc + 2, 0, 2)) {
            trap(FETCH_FAULT, pc + 2, 0);
            return;
        }
    }
    /* Two bytes too many where the instruction is compressed; they are not looked at. */
    insn = *(const any_u32 *)pc;
    if ((insn & 3) == 3) DISPATCH(LONG_ENTRY(insn));
    DISPATCH(SHORT_ENTRY(insn));

bad:
    illegal(insn);
    return;
c_bad:
    illegal(insn & 0xffff);
    return;

lui:
    WORD_RESULT(RD(insn), insn & ~0xfffu, 4);
auipc: {
    u32 upper = insn & ~0xfffu;
    u32 low = pc + upper;
    RESULT(RD(insn), low, sign(upper) + (low < pc), 4);
}
jal: {
    write_register(state, RD(insn), pc + 4, 0);
    JUMP(J_IMMEDIATE);
}
jalr: {
    struct word64 a = A;
    u32 immediate = I_IMMEDIATE;
    u32 low = a.low + immediate;
    u32 high = a.high + sign(immediate) + (low < a.low);
    write_register(state, RD(insn), pc + 4, 0);
    JUMP_REGISTER(low & ~1u, high);
}
beq:
    BRANCH(EQUAL);
bne:
    BRANCH(!EQUAL);
blt:
    BRANCH(LESS);
bge:
    BRANCH(!LESS);
bltu:
    BRANCH(LESS_UNSIGNED);
bgeu:
    BRANCH(!LESS_UNSIGNED);

lb:
    SIGNED_LOAD(A, I_IMMEDIATE, 1, any_i8, RD(insn), 4);
lh:
    SIGNED_LOAD(A, I_IMMEDIATE, 2, any_i16, RD(insn), 4);
lw:
    SIGNED_LOAD(A, I_IMMEDIATE, 4, any_u32, RD(insn), 4);
ld:
    DOUBLE_LOAD(A, I_IMMEDIATE, RD(insn), 4);
lbu:
    UNSIGNED_LOAD(A, I_IMMEDIATE, 1, any_u8, RD(insn), 4);
lhu:
    UNSIGNED_LOAD(A, I_IMMEDIATE, 2, any_u16, RD(insn), 4);
lwu:
    UNSIGNED_LOAD(A, I_IMMEDIATE, 4, any_u32, RD(insn), 4);
sb:
    STORE(A, S_IMMEDIATE, 1, any_u8, B, 4);
sh:
    STORE(A, S_IMMEDIATE, 2, any_u16, B, 4);
sw:
    STORE(A, S_IMMEDIATE, 4, any_u32, B, 4);
sd:
    DOUBLE_STORE(A, S_IMMEDIATE, B, 4);

addi: {
    struct word64 a = A;
    u32 immediate = I_IMMEDIATE;
    u32 low = a.low + immediate;
    RESULT(RD(insn), low, a.high + sign(immediate) + (low < immediate), 4);
}
slti: {
    struct word64 a = A;
    struct word64 b = { I_IMMEDIATE, sign(insn) };
    RESULT(RD(insn), LESS, 0, 4);
}
sltiu: {
    struct word64 a = A;
    struct word64 b = { I_IMMEDIATE, sign(insn) };
    RESULT(RD(insn), LESS_UNSIGNED, 0, 4);
}
xori: {
    struct word64 a = A;
    RESULT(RD(insn), a.low ^ I_IMMEDIATE, a.high ^ sign(insn), 4);
}
ori: {
    struct word64 a = A;
    RESULT(RD(insn), a.low | I_IMMEDIATE, a.high | sign(insn), 4);
}
andi: {
    struct word64 a = A;
    RESULT(RD(insn), a.low & I_IMMEDIATE, a.high & sign(insn), 4);
}
slli: {
    if (insn >> 26) goto bad;
    struct word64 a = A;
    u32 n = insn >> 20;
    SHIFT_LEFT(RD(insn), a, n, 4);
}
srli: {
    struct word64 a = A;
    u32 n = insn >> 20;
    u32 function = insn >> 26;
    if (function == 0) SHIFT_RIGHT(RD(insn), a, n, 4);
    if (function != 0x10) goto bad;
    SHIFT_RIGHT_SIGNED(RD(insn), a, n, 4);
}
addiw:
    WORD_RESULT(RD(insn), A.low + I_IMMEDIATE, 4);
slliw:
    if (insn >> 25) goto bad;
    WORD_RESULT(RD(insn), A.low << (insn >> 20 & 31), 4);
srliw: {
    u32 function = insn >> 25;
    if (function == 0) WORD_RESULT(RD(insn), A.low >> (insn >> 20 & 31), 4);
    if (function != 0x20) goto bad;
    WORD_RESULT(RD(insn), (u32)((i32)A.low >> (insn >> 20 & 31)), 4);
}

op_add: {
    u32 function = insn >> 25;
    struct word64 a = A;
    struct word64 b = B;
    if (function == 0) {
        u32 low = a.low + b.low;
        RESULT(RD(insn), low, a.high + b.high + (low < b.low), 4);
    }
    if (function == 0x20) RESULT(RD(insn), a.low - b.low, a.high - b.high - (a.low < b.low), 4);
    if (function != 1) goto bad;
    multiply(a.low, a.high, b.low, b.high, RD(insn));
    return;
}

op_sll: {
    PLAIN_OR_MULTIPLY
    SHIFT_LEFT(RD(insn), a, b.low, 4);
}
op_slt: {
    PLAIN_OR_MULTIPLY
    RESULT(RD(insn), LESS, 0, 4);
}
op_sltu: {
    PLAIN_OR_MULTIPLY
    RESULT(RD(insn), LESS_UNSIGNED, 0, 4);
}
op_xor: {
    PLAIN_OR_MULTIPLY
    RESULT(RD(insn), a.low ^ b.low, a.high ^ b.high, 4);
}
op_srl: {
    if (insn >> 25 == 0x20) {
        struct word64 a = A;
        u32 n = B.low;
        SHIFT_RIGHT_SIGNED(RD(insn), a, n, 4);
    }
    PLAIN_OR_MULTIPLY
    SHIFT_RIGHT(RD(insn), a, b.low, 4);
}
op_or: {
    PLAIN_OR_MULTIPLY
    RESULT(RD(insn), a.low | b.low, a.high | b.high, 4);
}
op_and: {
    PLAIN_OR_MULTIPLY
    RESULT(RD(insn), a.low & b.low, a.high & b.high, 4);
}
multiply_or_divide: {
    struct word64 a = A;
    struct word64 b = B;
    u32 function = insn >> 12 & 7;
    if (function < 4) multiply_high(a.low, a.high, b.low, b.high, RD(insn), function);
    else divide(a.low, a.high, b.low, b.high, RD(insn), function);
    return;
}

op32_add: {
    u32 function = insn >> 25;
    u32 a = A.low;
    u32 b = B.low;
    if (function == 0) WORD_RESULT(RD(insn), a + b, 4);
    if (function == 0x20) WORD_RESULT(RD(insn), a - b, 4);
    if (function != 1) goto bad;
    multiply_word(a, b, RD(insn));
    return;
}
op32_sll:
    if (insn >> 25) goto bad;
    WORD_RESULT(RD(insn), A.low << (B.low & 31), 4);
op32_srl: {
    u32 function = insn >> 25;
    if (function == 0) WORD_RESULT(RD(insn), A.low >> (B.low & 31), 4);
    if (function == 0x20) WORD_RESULT(RD(insn), (u32)((i32)A.low >> (B.low & 31)), 4);
}
op32_div:
op32_rem:
    if (insn >> 25 != 1) goto bad;
    divide_word(A.low, B.low, RD(insn), insn >> 12 & 7);
    return;

fence:
    NEXT(4);
amo:
    atomic(insn);
    return;
environment_call:
    environment(insn);
    return;
csr:
    access_csr(insn);
    return;

c_addi4spn: {
    u32 immediate = (insn >> 7 & 0x30) | (insn >> 1 & 0x3c0) | (insn >> 4 & 4) | (insn >> 2 & 8);
    if (immediate == 0) goto c_bad;
    struct word64 a = state->x[2];
    u32 low = a.low + immediate;
    struct word64 *rd = X(state, SHORT_RD(insn));
    rd->low = low;
    rd->high = a.high + (low < immediate);
    NEXT(2);
}
c_addi: {
    u32 rd = SHORT_FULL(insn);
    struct word64 a = *X(state, rd);
    u32 immediate = SHORT_IMMEDIATE(insn);
    u32 low = a.low + immediate;
    RESULT(rd, low, a.high + sign(immediate) + (low < immediate), 2);
}
c_slli: {
    u32 rd = SHORT_FULL(insn);
    struct word64 a = *X(state, rd);
    u32 n = SHORT_SHIFT(insn);
    SHIFT_LEFT(rd, a, n, 2);
}
c_addiw: {
    u32 rd = SHORT_FULL(insn);
    if (rd == 0) goto c_bad;
    u32 low = X(state, rd)->low + SHORT_IMMEDIATE(insn);
    X(state, rd)->low = low;
    X(state, rd)->high = sign(low);
    NEXT(2);
}
c_li: {
    u32 immediate = SHORT_IMMEDIATE(insn);
    RESULT(SHORT_FULL(insn), immediate, sign(immediate), 2);
}
c_lui: {
    u32 immediate = SHORT_IMMEDIATE(insn);
    if (immediate == 0) goto c_bad;
    u32 rd = SHORT_FULL(insn);
    if (rd == 16) {
        /* c.addi16sp has its own order of bits. */
        immediate = (immediate & ~31u) << 4 | (insn >> 2 & 0x10) | (insn << 3 & 0x20) | (insn << 1 & 0x40)
                    | (insn << 4 & 0x180);
        struct word64 a = state->x[2];
        u32 low = a.low + immediate;
        state->x[2].low = low;
        state->x[2].high = a.high + sign(immediate) + (low < immediate);
        NEXT(2);
    }
    immediate <<= 12;
    RESULT(rd, immediate, sign(immediate), 2);
}
c_alu: {
    struct word64 *rd = X(state, SHORT_RS1(insn));
    struct word64 a = *rd;
    u32 function = insn >> 10 & 3;
    if (function == 3) {
        struct word64 b = *X(state, SHORT_RD(insn));
        u32 low;
        switch ((insn >> 5 & 3) | (insn >> 10 & 4)) {
            case 0:
                rd->low = a.low - b.low;
                rd->high = a.high - b.high - (a.low < b.low);
                NEXT(2);
            case 1:
                rd->low = a.low ^ b.low;
                rd->high = a.high ^ b.high;
                NEXT(2);
            case 2:
                rd->low = a.low | b.low;
                rd->high = a.high | b.high;
                NEXT(2);
            case 3:
                rd->low = a.low & b.low;
                rd->high = a.high & b.high;
                NEXT(2);
            case 4:
                low = a.low - b.low;
                break;
            case 5:
                low = a.low + b.low;
                break;
            default:
                goto c_bad;
        }
        rd->low = low;
        rd->high = sign(low);
        NEXT(2);
    }
    if (function == 2) {
        u32 immediate = SHORT_IMMEDIATE(insn);
        rd->low = a.low & immediate;
        if ((i32)immediate >= 0) rd->high = 0;
        NEXT(2);
    }
    u32 n = SHORT_SHIFT(insn);
    /* x8 to x15, so never x0. */
    if (function == 0) SHIFT_RIGHT(SHORT_RS1(insn), a, n, 2);
    SHIFT_RIGHT_SIGNED(SHORT_RS1(insn), a, n, 2);
}
c_move: {
    u32 rd = SHORT_FULL(insn);
    u32 rs2 = SHORT_FULL2(insn);
    if (rs2 != 0) {
        struct word64 b = *X(state, rs2);
        if (insn & 0x1000) {
            struct word64 a = *X(state, rd);
            b.low += a.low;
            b.high += a.high + (b.low < a.low);
        }
        RESULT(rd, b.low, b.high, 2);
    }
    if (rd == 0) {
        if (!(insn & 0x1000)) goto c_bad;
        trap(BREAKPOINT, pc, 0);
        return;
    }
    struct word64 a = *X(state, rd);
    if (insn & 0x1000) {
        state->x[1].low = pc + 2;
        state->x[1].high = 0;
    }
    JUMP_REGISTER(a.low & ~1u, a.high);
}
c_j:
    JUMP(CJ_OFFSET);
c_beqz: {
    struct word64 a = *X(state, SHORT_RS1(insn));
    if ((a.low | a.high) == 0) JUMP(CB_OFFSET);
    NEXT(2);
}
c_bnez: {
    struct word64 a = *X(state, SHORT_RS1(insn));
    if ((a.low | a.high) != 0) JUMP(CB_OFFSET);
    NEXT(2);
}

c_lw:
    SIGNED_LOAD(*X(state, SHORT_RS1(insn)), CL_WORD, 4, any_u32, SHORT_RD(insn), 2);
c_ld:
    DOUBLE_LOAD(*X(state, SHORT_RS1(insn)), CL_DOUBLE, SHORT_RD(insn), 2);
c_sw:
    STORE(*X(state, SHORT_RS1(insn)), CL_WORD, 4, any_u32, *X(state, SHORT_RD(insn)), 2);
c_sd:
    DOUBLE_STORE(*X(state, SHORT_RS1(insn)), CL_DOUBLE, *X(state, SHORT_RD(insn)), 2);
c_lwsp:
    if (SHORT_FULL(insn) == 0) goto c_bad;
    SIGNED_LOAD(state->x[2], (insn >> 7 & 0x20) | (insn >> 2 & 0x1c) | (insn << 4 & 0xc0), 4, any_u32, SHORT_FULL(insn), 2);
c_ldsp:
    if (SHORT_FULL(insn) == 0) goto c_bad;
    DOUBLE_LOAD(state->x[2], (insn >> 7 & 0x20) | (insn >> 2 & 0x18) | (insn << 4 & 0x1c0), SHORT_FULL(insn), 2);
c_swsp:
    STORE(state->x[2], (insn >> 7 & 0x3c) | (insn >> 1 & 0xc0), 4, any_u32, *X(state, SHORT_FULL2(insn)), 2);
c_sdsp:
    DOUBLE_STORE(state->x[2], (insn >> 7 & 0x38) | (insn >> 1 & 0x1c0), *X(state, SHORT_FULL2(insn)), 2);
}
