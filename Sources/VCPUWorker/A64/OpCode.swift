/// What an `Op` does.
enum OpCode: UInt16 {
    /// A slot that has not been decoded yet: decodes itself in place and runs again. Zero, so that fresh memory is that.
    case decode = 0
    /// The slot after a page's last instruction: goes on in the next page.
    case pageEnd
    case undefined
    /// Floating point and Advanced SIMD data processing: see `VectorOp`.
    case vector
}
