/// Executes floating-point and Advanced SIMD data processing. Placeholder until it is there.
enum VectorUnit {
    static func execute(
        _ op: Op, x: UnsafeMutablePointer<UInt64>, v: UnsafeMutablePointer<UInt64>, nzcv: inout UInt32, fpcr: UInt32,
        fpsr: inout UInt32
    ) {}
}
