/*
 * The native yardstick: a scalar Goldilocks transform with 128-bit products, radix 4, depth first, twiddles in order per level.
 * Written for this benchmark; prints nanoseconds per multiplication and milliseconds per transform of 2^18.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef uint64_t u64;
typedef unsigned __int128 u128;
static const u64 P = 0xffffffff00000001ULL, EPSILON = 0xffffffffULL;

/* Carries and borrows become masks by the builtins: branches on random data cost more than the arithmetic. */
static inline u64 reduce(u128 x) {
  u64 low = (u64)x, high = (u64)(x >> 64), t, r;
  u64 borrow = __builtin_sub_overflow(low, high >> 32, &t);
  t -= EPSILON & -borrow;
  u64 carry = __builtin_add_overflow(t, (high & EPSILON) * EPSILON, &r);
  r += EPSILON & -carry;
  return r - (P & -(u64)(r >= P));
}
static inline u64 multiply(u64 a, u64 b) { return reduce((u128)a * b); }
static inline u64 subtract(u64 a, u64 b) {
  u64 d, borrow = __builtin_sub_overflow(a, b, &d);
  return d - (EPSILON & -borrow);
}
static inline u64 add(u64 a, u64 b) { return subtract(a, P - b); }

/* x·2^48, the root of unity of order 4. */
static inline u64 multiplyByRoot4(u64 x) { return reduce((u128)x << 48); }

/* Radix 4 by decimation in frequency; quarters are transformed one after the other. `levels[k]` has w, w^2, w^3 for blocks of 4^k. */
static void transform(u64 *x, int log, u64 *const *levels) {
  long q = 1L << (log - 2);
  const u64 *w = levels[log];
  for (long j = 0; j < q; j++, w += 3) {
    u64 a = x[j], b = x[j + q], c = x[j + 2 * q], d = x[j + 3 * q];
    u64 s = add(a, c), t = subtract(a, c), u = add(b, d), v = multiplyByRoot4(subtract(b, d));
    x[j] = add(s, u);
    x[j + q] = multiply(subtract(s, u), w[1]);
    x[j + 2 * q] = multiply(add(t, v), w[0]);
    x[j + 3 * q] = multiply(subtract(t, v), w[2]);
  }
  if (log > 2)
    for (long k = 0; k < 4; k++) transform(x + k * q, log - 2, levels);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec * 1e-6;
}

int main(int count, char **arguments) {
  long log = 18, n = 1L << log, rounds = count > 1 ? atol(arguments[1]) : 20;
  u64 *x = malloc(8 * n), *table = malloc(8 * n), root = 7;
  /* 7^((p-1)/2^18) */
  u64 exponent = (P - 1) >> log, power = 1;
  for (u64 base = root; exponent; exponent >>= 1, base = multiply(base, base))
    if (exponent & 1) power = multiply(power, base);
  table[0] = 1;
  static u64 *levels[64];
  for (long i = 1; i < n; i++) table[i] = multiply(table[i - 1], power);
  for (int level = 2; level <= log; level += 2) {
    long q = 1L << (level - 2), stride = n >> level;
    levels[level] = malloc(24 * q);
    for (long j = 0; j < q; j++)
      for (long k = 1; k <= 3; k++) levels[level][3 * j + k - 1] = table[j * k * stride];
  }
  double best = 1e9, bestMultiply = 1e9;
  for (long r = 0; r < rounds; r++) {
    for (long i = 0; i < n; i++) x[i] = (u64)i;
    double start = now();
    transform(x, (int)log, levels);
    double time = now() - start;
    if (time < best) best = time;
  }
  /* Digest of the last result, so that the caller can compare it: the sum of x[i]·7^i. */
  u64 digest = 0;
  for (long i = n - 1; i >= 0; i--) digest = add(multiply(digest, 7), x[i]);
  static u64 a[1024], b[1024], c[1024];
  for (int i = 0; i < 1024; i++) a[i] = table[i], b[i] = table[i + 5000];
  for (long r = 0; r < rounds; r++) {
    double start = now();
    for (int k = 0; k < 100; k++) {
      for (int i = 0; i < 1024; i++) c[i] = multiply(a[i], b[i]);
      __asm__ volatile("" ::: "memory");
    }
    double time = (now() - start) / 102400 * 1e6;
    if (time < bestMultiply) bestMultiply = time;
  }
  printf("{\"transform\":%.4f,\"multiply\":%.4f,\"digest\":\"%llu\",\"guard\":\"%llu\"}\n", best, bestMultiply,
         (unsigned long long)digest, (unsigned long long)c[7]);
  return 0;
}
