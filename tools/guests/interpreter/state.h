/*
 * The state of the fast machine as the interpreter sees it, and the few operations that every part of it uses.
 *
 * The interpreter is freestanding RV32I. It runs once for each step of the fast machine: it starts from the pristine Q*,
 * changes the state in place and exits. Each store costs twice, when it is executed and when Q is cleaned, so the common
 * instructions use no stack at all: every handler ends by finish(), and what does not fit into one is a tail call.
 * 64-bit values are handled as two words.
 */
#ifndef INTERPRETER_STATE_H
#define INTERPRETER_STATE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int i32;
typedef unsigned long long u64;

/* The micro-machine loads and stores at any alignment in one step. */
typedef signed char __attribute__((may_alias)) any_i8;
typedef u8 __attribute__((may_alias)) any_u8;
typedef short __attribute__((aligned(1), may_alias)) any_i16;
typedef u16 __attribute__((aligned(1), may_alias)) any_u16;
typedef u32 __attribute__((aligned(1), may_alias)) any_u32;

struct word64 {
    u32 low, high;
};

/* The state page, from 0xE0000000 on. */
struct state {
    struct word64 x[32];
    struct word64 pc;             /* 0x100 */
    struct word64 time;           /* 0x108 */
    struct word64 cycle_offset;   /* 0x110 */
    struct word64 instret_offset; /* 0x118 */
    u32 halted;                   /* 0x120 */
    u32 halt_code;                /* 0x124 */
    struct word64 halt_value;     /* 0x128 */
    u32 user;                     /* 0x130: the personality */
    u32 reservation_valid;        /* 0x134 */
    struct word64 reservation;    /* 0x138 */
    u32 input_length;             /* 0x140 */
    u32 input_position;           /* 0x144 */
    u32 output_length;            /* 0x148 */
    u32 brk_start;                /* 0x14c */
    u32 brk;                      /* 0x150 */
    u32 log2_period;              /* 0x154 */
    struct word64 clock;          /* 0x158 */
    struct word64 tohost;         /* 0x160 */
    u32 error_length;             /* 0x168 */
    u32 unused[5];                /* 0x16c */
    struct word64 mstatus;        /* 0x180 */
    struct word64 mtvec;          /* 0x188 */
    struct word64 mie;            /* 0x190 */
    struct word64 mscratch;       /* 0x198 */
    struct word64 mepc;           /* 0x1a0 */
    struct word64 mcause;         /* 0x1a8 */
    struct word64 mtval;          /* 0x1b0 */
    struct word64 mcountinhibit;  /* 0x1b8 */
    struct word64 mtimecmp;       /* 0x1c0 */
    u32 msip;                     /* 0x1c8 */
};

_Static_assert(__builtin_offsetof(struct state, clock) == 0x158, "clock");
_Static_assert(__builtin_offsetof(struct state, mstatus) == 0x180, "mstatus");
_Static_assert(__builtin_offsetof(struct state, msip) == 0x1c8, "msip");

enum {
    INPUT = 0xc0000000,
    OUTPUT = 0xd0000000,
    STATE = 0xe0000000,
    ERRORS = 0xf0000000,
    OUTPUT_BYTES = 0x10000000,
    ERROR_BYTES = 0x01000000,
    DISPATCH_TABLE = 0xff001000, /* where the linker puts it: its address costs one instruction this way */
};

enum cause {
    FETCH_FAULT = 1,
    ILLEGAL = 2,
    BREAKPOINT = 3,
    LOAD_MISALIGNED = 4,
    LOAD_FAULT = 5,
    STORE_MISALIGNED = 6,
    STORE_FAULT = 7,
    ECALL = 11,
};

/* Bits of mstatus and of mcountinhibit. */
enum { MIE = 1 << 3, MPIE = 1 << 7, INHIBIT_CYCLE = 1 << 0, INHIBIT_INSTRET = 1 << 2 };

enum { HOST_EXIT = 93, HOST_CLEAN = 4096 };

#define likely(condition) __builtin_expect((condition) != 0, 1)
#define unlikely(condition) __builtin_expect((condition) != 0, 0)

/* The state page, in one register from here on: a constant would be built again at each use. */
static inline __attribute__((always_inline)) struct state *state_page(void) {
    struct state *state = (struct state *)STATE;
    __asm__("" : "+r"(state));
    return state;
}

/* A host call of the micro-machine. */
static inline __attribute__((always_inline)) void micro_call(u32 number, u32 argument) {
    register u32 a0 __asm__("a0") = argument;
    register u32 a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
}

/* Ends the step: nothing after it is executed. */
#define finish()                  \
    do {                          \
        micro_call(HOST_EXIT, 0); \
        return;                   \
    } while (0)

/* The register whose number, times 8, is `offset`. */
#define X(state, offset) ((struct word64 *)((char *)(state) + (offset)))

/* Fields of an instruction of 32 bits as offsets of registers. */
#define RD(instruction) ((instruction) >> 4 & 0xf8)
#define RS1(instruction) ((instruction) >> 12 & 0xf8)
#define RS2(instruction) ((instruction) >> 17 & 0xf8)

static inline __attribute__((always_inline)) void write_register(struct state *state, u32 offset, u32 low, u32 high) {
    if (offset != 0) {
        X(state, offset)->low = low;
        X(state, offset)->high = high;
    }
}

static inline u32 sign(u32 word) {
    return (u32)((i32)word >> 31);
}

static inline u64 whole(struct word64 value) {
    return (u64)value.high << 32 | value.low;
}

static inline struct word64 halves(u64 value) {
    return (struct word64){ (u32)value, (u32)(value >> 32) };
}

/* Says whether `count` bytes, 1 to 1024, from a 64-bit address on are RAM. */
static inline __attribute__((always_inline)) int accessible(u32 user, u32 low, u32 high, u32 count) {
    if (high != 0) return 0;
    if (low <= 0xc0000000 - count) return user || low >= 0x0200c000 || low <= 0x02000000 - count;
    return low >= 0xe1000000 && low <= 0xf0000000 - count;
}

/* What follows ends the step. The callers return at once. */

/* Takes a trap at the present pc; fast on purpose, since guests use ecall. */
void trap(u32 cause, u32 value_low, u32 value_high);
void interrupt(void);
void illegal(u32 instruction);

/*
 * A load or store that is not plainly to RAM: the device, the ends of RAM, tohost, and what is not accessible. `kind` is
 * the size in bytes, plus ZERO_EXTEND; `length` is that of the instruction.
 */
enum { ZERO_EXTEND = 16 };
void slow_load(u32 base_low, u32 base_high, u32 offset, u32 kind, u32 rd, u32 length);
void slow_store(u32 base_low, u32 base_high, u32 offset, u32 size, u32 value_low, u32 value_high, u32 length);
void atomic(u32 instruction);

/* What a store to the host's doubleword asks for, once the bytes are stored. */
void look_at_tohost(struct state *state, u32 address, u32 size);

void multiply(u32 a_low, u32 a_high, u32 b_low, u32 b_high, u32 rd);
void multiply_word(u32 a, u32 b, u32 rd);
void multiply_high(u32 a_low, u32 a_high, u32 b_low, u32 b_high, u32 rd, u32 signs);
void divide(u32 a_low, u32 a_high, u32 b_low, u32 b_high, u32 rd, u32 function);
void divide_word(u32 a, u32 b, u32 rd, u32 function);

void environment(u32 instruction);
void access_csr(u32 instruction);
void host_call(void);

#endif
