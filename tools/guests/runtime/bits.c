/* Counting and reversing, which no base instruction set has, under the names that the compiler calls. */
#include <stdint.h>

int __clzsi2(uint32_t value) {
    if (value == 0) return 32;
    int zeros = 0;
    if (value < 0x10000) { zeros += 16; value <<= 16; }
    if (value < 0x1000000) { zeros += 8; value <<= 8; }
    if (value < 0x10000000) { zeros += 4; value <<= 4; }
    if (value < 0x40000000) { zeros += 2; value <<= 2; }
    return value < 0x80000000 ? zeros + 1 : zeros;
}

int __ctzsi2(uint32_t value) {
    return value == 0 ? 32 : 31 - __clzsi2(value & -value);
}

int __popcountsi2(uint32_t value) {
    value = value - ((value >> 1) & 0x55555555);
    value = (value & 0x33333333) + ((value >> 2) & 0x33333333);
    value = (value + (value >> 4)) & 0x0f0f0f0f;
    value += value >> 8;
    return (int)((value + (value >> 16)) & 63);
}

uint32_t __bswapsi2(uint32_t value) {
    return value << 24 | (value & 0xff00) << 8 | (value >> 8 & 0xff00) | value >> 24;
}

int __clzdi2(uint64_t value) {
    uint32_t high = (uint32_t)(value >> 32);
    return high != 0 ? __clzsi2(high) : 32 + __clzsi2((uint32_t)value);
}

int __ctzdi2(uint64_t value) {
    uint32_t low = (uint32_t)value;
    return low != 0 ? __ctzsi2(low) : 32 + __ctzsi2((uint32_t)(value >> 32));
}

int __popcountdi2(uint64_t value) {
    return __popcountsi2((uint32_t)value) + __popcountsi2((uint32_t)(value >> 32));
}

uint64_t __bswapdi2(uint64_t value) {
    return (uint64_t)__bswapsi2((uint32_t)value) << 32 | __bswapsi2((uint32_t)(value >> 32));
}
