/// Floating-point and Advanced SIMD data-processing operations: what an `Op` with code `.vector` does. They touch the
/// vector registers, the general registers, FPCR, FPSR and NZCV, never memory, and cannot fault once FP is enabled.
enum VectorOp: UInt16 {
    case none = 0
}
