/* Traps, interrupts, CSRs and what else the SYSTEM opcode does. */
#include "state.h"

static void enter(struct state *state, u32 cause, u32 interrupt_bit, u32 value_low, u32 value_high) {
    state->mepc = state->pc;
    state->mcause.low = cause;
    state->mcause.high = interrupt_bit << 31;
    state->mtval.low = value_low;
    state->mtval.high = value_high;
    u32 mstatus = state->mstatus.low;
    state->mstatus.low = (mstatus & ~(u32)(MIE | MPIE)) | (mstatus & MIE) << 4;
    u32 base = state->mtvec.low;
    u32 target = base & ~3u;
    u32 high = state->mtvec.high;
    if (interrupt_bit & base) {
        target += 4 * cause;
        high += target < 4 * cause;
    }
    state->pc.low = target;
    state->pc.high = high;
    /* Where mcountinhibit has it, step() has counted the instruction out already. */
    if (!(state->mcountinhibit.low & INHIBIT_INSTRET) && state->instret_offset.low-- == 0) state->instret_offset.high--;
}

void trap(u32 cause, u32 value_low, u32 value_high) {
    struct state *state = state_page();
    if (state->user) {
        state->halted = 2;
        state->halt_code = cause;
        state->halt_value.low = value_low;
        state->halt_value.high = value_high;
    } else {
        enter(state, cause, 0, value_low, value_high);
    }
    finish();
}

/* Called when one is pending: software has priority over the timer; nothing raises the external one. */
void interrupt(void) {
    struct state *state = state_page();
    u32 software = state->msip << 3 & state->mie.low;
    enter(state, software ? 3 : 7, 1, 0, 0);
    finish();
}

void illegal(u32 instruction) {
    trap(ILLEGAL, instruction, 0);
}

void environment(u32 instruction) {
    struct state *state = state_page();
    u32 user = state->user;
    if (instruction == 0x00000073) {
        if (user) host_call();
        else trap(ECALL, 0, 0);
        return;
    }
    if (instruction == 0x00100073) {
        trap(BREAKPOINT, state->pc.low, 0);
        return;
    }
    if (!user && instruction == 0x30200073) { /* mret */
        u32 mstatus = state->mstatus.low;
        state->mstatus.low = (mstatus & ~(u32)MIE) | (mstatus & MPIE) >> 4 | MPIE;
        state->pc = state->mepc;
        finish();
    }
    if (!user && instruction == 0x10500073) { /* wfi */
        state->pc.low += 4;
        finish();
    }
    illegal(instruction);
}

enum csr {
    MSTATUS = 0x300,
    MISA = 0x301,
    MIE_CSR = 0x304,
    MTVEC = 0x305,
    MCOUNTINHIBIT = 0x320,
    MSCRATCH = 0x340,
    MEPC = 0x341,
    MCAUSE = 0x342,
    MTVAL = 0x343,
    MIP = 0x344,
    MCYCLE = 0xb00,
    MINSTRET = 0xb02,
    CYCLE = 0xc00,
    TIME = 0xc01,
    INSTRET = 0xc02,
};

/* Those that always read 0: mhpmevent, tselect and tdata, mhpmcounter, hpmcounter, and what identifies the machine. */
static int reads_zero(u32 number) {
    return number - 0x323 <= 0x33f - 0x323 || number - 0x7a0 <= 0x7a3 - 0x7a0 || number - 0xb03 <= 0xb1f - 0xb03
           || number - 0xc03 <= 0xc1f - 0xc03 || number - 0xf11 <= 0xf15 - 0xf11;
}

/* The field in which a CSR is kept as it is, or null. */
static struct word64 *field(struct state *state, u32 number) {
    switch (number) {
        case MSTATUS:
            return &state->mstatus;
        case MIE_CSR:
            return &state->mie;
        case MTVEC:
            return &state->mtvec;
        case MCOUNTINHIBIT:
            return &state->mcountinhibit;
        case MSCRATCH:
            return &state->mscratch;
        case MEPC:
            return &state->mepc;
        case MCAUSE:
            return &state->mcause;
        case MTVAL:
            return &state->mtval;
        default:
            return 0;
    }
}

/* A counter, T + offset; the step may have taken one off the offset in advance. */
static u64 counter(struct state *state, struct word64 offset, u32 inhibit_bit) {
    u64 value = whole(state->time) - 1 + whole(offset);
    return state->mcountinhibit.low & inhibit_bit ? value + 1 : value;
}

void access_csr(u32 instruction) {
    struct state *state = state_page();
    u32 number = instruction >> 20;
    u32 function = instruction >> 12 & 7;
    u32 source = instruction >> 15 & 31;
    u32 writes = (function & 3) == 1 || source != 0;
    struct word64 old = { 0, 0 };
    struct word64 *kept = 0;

    if (writes && number >> 10 == 3) goto bad;
    if (state->user) {
        if (number - CYCLE > 2) goto bad;
        old = halves(whole(state->time) - 1);
    } else {
        kept = field(state, number);
        if (kept != 0) old = *kept;
        else if (number == CYCLE || number == MCYCLE) old = halves(counter(state, state->cycle_offset, INHIBIT_CYCLE));
        else if (number == INSTRET || number == MINSTRET) {
            old = halves(counter(state, state->instret_offset, INHIBIT_INSTRET));
        } else if (number == TIME) {
            old = halves(whole(state->time) - 1);
        } else if (number == MISA) {
            old.low = 0x1105;
            old.high = 0x80000000;
        } else if (number == MIP) {
            old.low = state->msip << 3;
            if (whole(state->time) - 1 >= whole(state->mtimecmp)) old.low |= 1 << 7;
        } else if (!reads_zero(number)) {
            goto bad;
        }
    }

    if (writes) {
        struct word64 value = { source, 0 };
        if (!(function & 4)) value = state->x[source];
        if ((function & 3) == 2) {
            value.low |= old.low;
            value.high |= old.high;
        } else if ((function & 3) == 3) {
            value.low = old.low & ~value.low;
            value.high = old.high & ~value.high;
        }
        if (number == MCYCLE) state->cycle_offset = halves(whole(value) - whole(state->time));
        if (number == MINSTRET) state->instret_offset = halves(whole(value) - whole(state->time));
        if (number == MSTATUS) {
            value.low = (value.low & (MIE | MPIE)) | 0x1800;
            value.high = 0;
        }
        if (number == MIE_CSR) {
            value.low &= 0x888;
            value.high = 0;
        }
        if (number == MTVEC) value.low &= ~2u;
        if (number == MCOUNTINHIBIT) {
            value.low &= INHIBIT_CYCLE | INHIBIT_INSTRET;
            value.high = 0;
        }
        if (number == MEPC) value.low &= ~1u;
        if (kept != 0) *kept = value;
    }
    write_register(state, RD(instruction), old.low, old.high);
    state->pc.low += 4;
    finish();
bad:
    illegal(instruction);
}
