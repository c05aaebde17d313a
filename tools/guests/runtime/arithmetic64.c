/*
 * 64-bit arithmetic for RV32I under the names that the compiler calls. Each value is handled as two 32-bit halves; no
 * function here uses a 64-bit shift by a variable count, a 64-bit product or quotient, which would call the function itself.
 */
#include <stdint.h>

union halves {
    uint64_t whole;
    struct {
        uint32_t low, high;
    };
};

int __clzdi2(uint64_t value);

uint64_t __ashldi3(uint64_t value, int count) {
    union halves v = { value }, result;
    if (count == 0) return value;
    if (count >= 32) {
        result.high = v.low << (count - 32);
        result.low = 0;
    } else {
        result.high = v.high << count | v.low >> (32 - count);
        result.low = v.low << count;
    }
    return result.whole;
}

uint64_t __lshrdi3(uint64_t value, int count) {
    union halves v = { value }, result;
    if (count == 0) return value;
    if (count >= 32) {
        result.low = v.high >> (count - 32);
        result.high = 0;
    } else {
        result.low = v.low >> count | v.high << (32 - count);
        result.high = v.high >> count;
    }
    return result.whole;
}

int64_t __ashrdi3(int64_t value, int count) {
    union halves v = { (uint64_t)value }, result;
    if (count == 0) return value;
    uint32_t high = (uint32_t)((int32_t)v.high >> (count & 31));
    if (count >= 32) {
        result.low = high;
        result.high = (uint32_t)((int32_t)v.high >> 31);
    } else {
        result.low = v.low >> count | v.high << (32 - count);
        result.high = high;
    }
    return (int64_t)result.whole;
}

/* The full product of two 32-bit values. */
static uint64_t product(uint32_t a, uint32_t b) {
    union halves sum = { 0 };
    union halves shifted = { .low = a < b ? b : a, .high = 0 };
    for (uint32_t bits = a < b ? a : b; bits != 0; bits >>= 1) {
        if (bits & 1) sum.whole += shifted.whole;
        shifted.whole += shifted.whole;
    }
    return sum.whole;
}

uint64_t __muldi3(uint64_t left, uint64_t right) {
    union halves a = { left }, b = { right }, result;
    result.whole = product(a.low, b.low);
    result.high += a.low * b.high + a.high * b.low;
    return result.whole;
}

/* Schoolbook division, one bit at a time, starting at the first bit that can be set. By zero as in the M extension. */
static uint64_t divide(uint64_t dividend, uint64_t divisor, uint64_t *remainder) {
    union halves rest = { dividend }, by = { divisor }, quotient = { 0 };
    if (divisor == 0) {
        *remainder = dividend;
        return UINT64_MAX;
    }
    if (rest.high == 0) {
        if (by.high == 0) {
            quotient.low = rest.low / by.low;
            rest.low = rest.low - quotient.low * by.low;
        }
        *remainder = rest.whole;
        return quotient.whole;
    }
    int shift = __clzdi2(divisor) - __clzdi2(dividend);
    if (shift >= 0) {
        by.whole = __ashldi3(divisor, shift);
        for (; shift >= 0; shift--) {
            quotient.whole += quotient.whole;
            if (rest.whole >= by.whole) {
                rest.whole -= by.whole;
                quotient.low |= 1;
            }
            by.low = by.low >> 1 | by.high << 31;
            by.high >>= 1;
        }
    }
    *remainder = rest.whole;
    return quotient.whole;
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor) {
    uint64_t remainder;
    return divide(dividend, divisor, &remainder);
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor) {
    uint64_t remainder;
    divide(dividend, divisor, &remainder);
    return remainder;
}

static uint64_t magnitude(int64_t value) {
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

int64_t __divdi3(int64_t dividend, int64_t divisor) {
    uint64_t remainder;
    if (divisor == 0) return -1;
    uint64_t quotient = divide(magnitude(dividend), magnitude(divisor), &remainder);
    return (int64_t)((dividend < 0) != (divisor < 0) ? 0 - quotient : quotient);
}

int64_t __moddi3(int64_t dividend, int64_t divisor) {
    uint64_t remainder;
    divide(magnitude(dividend), magnitude(divisor), &remainder);
    return (int64_t)(dividend < 0 ? 0 - remainder : remainder);
}
