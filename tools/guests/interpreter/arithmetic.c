/*
 * Multiplication and division on a machine that has neither. Loops over bits are unrolled; they stop as soon as the
 * rest of a factor is zero, and division starts at the first bit of the quotient that can be set.
 */
#include "state.h"

#define EIGHT_TIMES(what, first)                                                                                 \
    what((first)) what((first) + 1) what((first) + 2) what((first) + 3) what((first) + 4) what((first) + 5)      \
        what((first) + 6) what((first) + 7)

/* The low word of a product. A bit of the factor is moved to the sign, which takes one instruction to test. */
static inline u32 product_word(u32 a, u32 b) {
    u32 sum = 0;
    if (b > a) {
        u32 other = a;
        a = b;
        b = other;
    }
#define BIT(k)                              \
    if ((i32)(b << (31 - (k))) < 0) sum += a; \
    a <<= 1;
    EIGHT_TIMES(BIT, 0)
    if (b >> 8 == 0) return sum;
    EIGHT_TIMES(BIT, 8)
    if (b >> 16 == 0) return sum;
    EIGHT_TIMES(BIT, 16)
    EIGHT_TIMES(BIT, 24)
#undef BIT
    return sum;
}

/* The whole product of two words: the larger factor in two halves, so that sums of partial products stay in a word. */
static struct word64 product(u32 a, u32 b) {
    if (b > a) {
        u32 other = a;
        a = b;
        b = other;
    }
    u32 a0 = a & 0xffff;
    u32 a1 = a >> 16;
    u32 p0 = 0;
    u32 p1 = 0;
#define BIT(k)                          \
    if ((i32)(b << (31 - (k))) < 0) {   \
        p0 += a0;                       \
        p1 += a1;                       \
    }                                   \
    a0 <<= 1;                           \
    a1 <<= 1;
    EIGHT_TIMES(BIT, 0)
    if (b >> 8 != 0) {
        EIGHT_TIMES(BIT, 8)
    }
    struct word64 result;
    if (b >> 16 == 0) {
        result.low = p0 + (p1 << 16);
        result.high = (p1 >> 16) + (result.low < p0);
        return result;
    }
    a0 = a & 0xffff;
    a1 = a >> 16;
    b >>= 16;
    u32 q0 = 0;
    u32 q1 = 0;
#define UPPER_BIT(k)                    \
    if ((i32)(b << (31 - (k))) < 0) {   \
        q0 += a0;                       \
        q1 += a1;                       \
    }                                   \
    a0 <<= 1;                           \
    a1 <<= 1;
    EIGHT_TIMES(UPPER_BIT, 0)
    if (b >> 8 != 0) {
        EIGHT_TIMES(UPPER_BIT, 8)
    }
#undef UPPER_BIT
#undef BIT
    u32 middle = p1 + q0;
    u32 carry = middle < q0;
    result.low = p0 + (middle << 16);
    result.high = q1 + (middle >> 16) + (carry << 16) + (result.low < p0);
    return result;
}

/* The low word of `high * low` where the high half of a factor is most often 0 or -1. */
static inline u32 cross(u32 high, u32 low) {
    if (high == 0) return 0;
    if (high == ~0u) return 0 - low;
    return product_word(high, low);
}

void multiply(u32 a_low, u32 a_high, u32 b_low, u32 b_high, u32 rd) {
    struct state *state = state_page();
    if (rd != 0) {
        struct word64 result = product(a_low, b_low);
        result.high += cross(a_high, b_low) + cross(b_high, a_low);
        X(state, rd)->low = result.low;
        X(state, rd)->high = result.high;
    }
    state->pc.low += 4;
    finish();
}

void multiply_word(u32 a, u32 b, u32 rd) {
    struct state *state = state_page();
    if (rd != 0) {
        u32 low = product_word(a, b);
        X(state, rd)->low = low;
        X(state, rd)->high = sign(low);
    }
    state->pc.low += 4;
    finish();
}

/* `function` is funct3: 1 both factors signed, 2 the first, 3 none. */
void multiply_high(u32 a_low, u32 a_high, u32 b_low, u32 b_high, u32 rd, u32 function) {
    struct state *state = state_page();
    if (rd != 0) {
        struct word64 ll = product(a_low, b_low);
        struct word64 lh = product(a_low, b_high);
        struct word64 hl = product(a_high, b_low);
        struct word64 hh = product(a_high, b_high);
        u32 middle = ll.high + lh.low;
        u32 carry = middle < lh.low;
        middle += hl.low;
        carry += middle < hl.low;
        u64 result = whole(hh) + lh.high + hl.high + carry;
        /* A negative factor x counts as x + 2^64 in the unsigned product. */
        if (function != 3 && (i32)a_high < 0) result -= (u64)b_high << 32 | b_low;
        if (function == 1 && (i32)b_high < 0) result -= (u64)a_high << 32 | a_low;
        X(state, rd)->low = (u32)result;
        X(state, rd)->high = (u32)(result >> 32);
    }
    state->pc.low += 4;
    finish();
}

/* 0 to 32. */
static inline u32 leading_zeros(u32 word) {
    u32 zeros = 0;
    if (word >> 16 == 0) {
        zeros += 16;
        word <<= 16;
    }
    if (word >> 24 == 0) {
        zeros += 8;
        word <<= 8;
    }
    if (word >> 28 == 0) {
        zeros += 4;
        word <<= 4;
    }
    if (word >> 30 == 0) {
        zeros += 2;
        word <<= 2;
    }
    if (word >> 31 == 0) zeros += 1 + (word == 0);
    return zeros;
}

struct division {
    struct word64 quotient, remainder;
};

/* For words; the divisor is not 0. */
static inline void divide_small(u32 dividend, u32 divisor, u32 *quotient, u32 *remainder) {
    u32 q = 0;
    if (dividend >= divisor) {
        u32 shift = leading_zeros(divisor) - leading_zeros(dividend);
        divisor <<= shift;
        for (;;) {
            if (dividend >= divisor) {
                dividend -= divisor;
                q++;
            }
            if (shift-- == 0) break;
            divisor >>= 1;
            q <<= 1;
        }
    }
    *quotient = q;
    *remainder = dividend;
}

/* The divisor is not 0. */
static inline struct division divide_large(u64 dividend, u64 divisor) {
    struct division result = { { 0, 0 }, { 0, 0 } };
    u32 n_high = (u32)(dividend >> 32);
    u32 d_high = (u32)(divisor >> 32);
    if (n_high == 0) {
        if (d_high == 0) {
            divide_small((u32)dividend, (u32)divisor, &result.quotient.low, &result.remainder.low);
        } else {
            result.remainder.low = (u32)dividend;
        }
        return result;
    }
    if (dividend < divisor) {
        result.remainder = halves(dividend);
        return result;
    }
    u32 d_low = (u32)divisor;
    u32 n_zeros = leading_zeros(n_high);
    u32 shift = d_high != 0 ? leading_zeros(d_high) - n_zeros : 32 + leading_zeros(d_low) - n_zeros;
    u32 n_low = (u32)dividend;
    if (shift & 32) {
        d_high = d_low << (shift & 31);
        d_low = 0;
    } else {
        d_high = d_high << shift | d_low >> 1 >> (~shift & 31);
        d_low <<= shift;
    }
    u32 q = 0;
    for (;;) {
        if (n_high > d_high || (n_high == d_high && n_low >= d_low)) {
            n_high -= d_high + (n_low < d_low);
            n_low -= d_low;
            q++;
        }
        if (shift == 0) break;
        d_low = d_low >> 1 | d_high << 31;
        d_high >>= 1;
        if (shift-- == 32) {
            result.quotient.high = q;
            q = 0;
        } else {
            q <<= 1;
        }
    }
    result.quotient.low = q;
    result.remainder.low = n_low;
    result.remainder.high = n_high;
    return result;
}

/* `function` is funct3: 4 div, 5 divu, 6 rem, 7 remu. */
void divide(u32 a_low, u32 a_high, u32 b_low, u32 b_high, u32 rd, u32 function) {
    struct state *state = state_page();
    struct word64 result = { ~0u, ~0u };
    if (rd == 0) goto done;
    if ((b_low | b_high) == 0) {
        if (function & 2) result = (struct word64){ a_low, a_high };
    } else {
        u64 a = (u64)a_high << 32 | a_low;
        u64 b = (u64)b_high << 32 | b_low;
        u32 negate = 0;
        if (!(function & 1)) {
            negate = function & 2 ? a_high : a_high ^ b_high;
            if ((i32)a_high < 0) a = 0 - a;
            if ((i32)b_high < 0) b = 0 - b;
        }
        struct division division = divide_large(a, b);
        result = function & 2 ? division.remainder : division.quotient;
        if ((i32)negate < 0) {
            result.high = 0 - result.high - (result.low != 0);
            result.low = 0 - result.low;
        }
    }
    X(state, rd)->low = result.low;
    X(state, rd)->high = result.high;
done:
    state->pc.low += 4;
    finish();
}

void divide_word(u32 a, u32 b, u32 rd, u32 function) {
    struct state *state = state_page();
    u32 result = ~0u;
    if (rd == 0) goto done;
    if (b == 0) {
        if (function & 2) result = a;
    } else {
        u32 negate = 0;
        if (!(function & 1)) {
            negate = function & 2 ? a : a ^ b;
            if ((i32)a < 0) a = 0 - a;
            if ((i32)b < 0) b = 0 - b;
        }
        u32 quotient, remainder;
        divide_small(a, b, &quotient, &remainder);
        result = function & 2 ? remainder : quotient;
        if ((i32)negate < 0) result = 0 - result;
    }
    X(state, rd)->low = result;
    X(state, rd)->high = sign(result);
done:
    state->pc.low += 4;
    finish();
}
