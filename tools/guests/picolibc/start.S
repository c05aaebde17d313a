# Entry point of a program that uses picolibc: as the runtime's own, and tp is set because picolibc keeps errno there.
        .section .text.start, "ax"
        .globl  _start
_start:
        .option push
        .option norelax
        la      gp, __global_pointer$
        .option pop
        la      tp, __thread_data
        bnez    sp, 1f
        li      sp, 0xbffff000
1:      andi    sp, sp, -16
        call    main
        tail    exit
