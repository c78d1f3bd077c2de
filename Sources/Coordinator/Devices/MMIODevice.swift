/// A device on the memory-mapped bus. It knows an offset into its own window, never an address.
protocol MMIODevice: AnyObject {
    /// Reads `byteCount` (1, 2, 4 or 8) bytes at `offset` for vCPU `vcpu`. Undefined registers read as zero.
    func read(offset: UInt64, byteCount: Int, vcpu: Int) -> UInt64
    /// Writes the low `byteCount` bytes of `value` at `offset` for vCPU `vcpu`.
    func write(offset: UInt64, byteCount: Int, value: UInt64, vcpu: Int)
}
