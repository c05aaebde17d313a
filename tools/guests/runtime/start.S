# The entry point. The machines start a program with sp at the top of the stack and nothing on it; a loader that leaves
# sp at zero gets the same stack. No argument is passed and the stack is not read.
        .section .text.start, "ax"
        .globl  _start
_start:
        .option push
        .option norelax
        la      gp, __global_pointer$
        .option pop
        bnez    sp, 1f
        li      sp, 0xbffff000
1:      andi    sp, sp, -16
        call    main
        tail    leave
