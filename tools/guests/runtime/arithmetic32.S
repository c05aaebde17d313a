# 32-bit multiplication and division for RV32I, which has neither. Names and results are those of the compiler's own
# support library. Results of a division by zero are those of the M extension: all ones, and the dividend as remainder.

# a0 = a0 * a1 (low 32 bits). The loop runs once per bit of the smaller operand.
        .section .text.__mulsi3, "ax"
        .globl  __mulsi3
__mulsi3:
        mv      a2, a0
        bgeu    a1, a0, 1f
        mv      a2, a1
        mv      a1, a0
1:      li      a0, 0
        beqz    a2, 4f
2:      andi    a3, a2, 1
        beqz    a3, 3f
        add     a0, a0, a1
3:      srli    a2, a2, 1
        slli    a1, a1, 1
        bnez    a2, 2b
4:      ret

# a0 = a0 / a1 and a1 = a0 % a1, unsigned; uses a2 and a3. The divisor is moved up to the dividend first, so that
# small quotients cost little.
        .section .text.__udivsi3, "ax"
        .globl  __udivsi3
__udivsi3:
        mv      a2, a1
        mv      a1, a0
        li      a0, -1
        beqz    a2, 5f
        li      a3, 1
        bgeu    a2, a1, 2f
1:      bltz    a2, 2f
        slli    a2, a2, 1
        slli    a3, a3, 1
        bltu    a2, a1, 1b
2:      li      a0, 0
3:      bltu    a1, a2, 4f
        sub     a1, a1, a2
        or      a0, a0, a3
4:      srli    a3, a3, 1
        srli    a2, a2, 1
        bnez    a3, 3b
5:      ret

        .section .text.__umodsi3, "ax"
        .globl  __umodsi3
__umodsi3:
        mv      a5, ra
        call    __udivsi3
        mv      a0, a1
        jr      a5

        .section .text.__divsi3, "ax"
        .globl  __divsi3
__divsi3:
        bltz    a0, 1f
        bltz    a1, 2f
        tail    __udivsi3
1:      neg     a0, a0
        bltz    a1, 3f
        beqz    a1, 4f
        mv      a5, ra
        call    __udivsi3
        neg     a0, a0
        jr      a5
2:      neg     a1, a1
        mv      a5, ra
        call    __udivsi3
        neg     a0, a0
        jr      a5
3:      neg     a1, a1
        tail    __udivsi3
4:      li      a0, -1
        ret

# The remainder has the sign of the dividend.
        .section .text.__modsi3, "ax"
        .globl  __modsi3
__modsi3:
        mv      a5, ra
        bgez    a1, 1f
        neg     a1, a1
1:      bltz    a0, 2f
        call    __udivsi3
        mv      a0, a1
        jr      a5
2:      neg     a0, a0
        call    __udivsi3
        neg     a0, a1
        jr      a5
