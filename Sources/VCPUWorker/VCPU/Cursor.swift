/// Where the interpreter is: kept in host registers while it runs.
struct Cursor {
    /// The op about to be executed, and the first op of its page.
    var op: UnsafeMutablePointer<Op>
    var base: UnsafeMutablePointer<Op>
    /// The virtual address of the page.
    var page: UInt64
    /// The op up to which `retired` has counted.
    var counted: UnsafeMutablePointer<Op>
    var retired: UInt64 = 0
    /// PSTATE.NZCV while in the interpreter.
    var nzcv: UInt32

    init(ops: UnsafeMutablePointer<Op>, pc: UInt64, nzcv: UInt32) {
        base = ops
        op = ops + Int(pc >> 2 & 1023)
        page = pc & ~0xFFF
        counted = op
        self.nzcv = nzcv
    }

    /// The virtual address of the current instruction.
    @inline(__always) var pc: UInt64 { page &+ UInt64(truncatingIfNeeded: slot) &<< 2 }
    @inline(__always) var slot: Int {
        (Int(bitPattern: op) &- Int(bitPattern: base)) / MemoryLayout<Op>.stride
    }

    @inline(__always) mutating func next() { op += 1 }

    /// Takes a branch of `byteCount` bytes of ops from the current op.
    @inline(__always) mutating func branch(_ byteCount: Int64) {
        let target = UnsafeMutablePointer<Op>(bitPattern: Int(bitPattern: op) &+ Int(byteCount)).unsafelyUnwrapped
        count(through: 1)
        op = target
        counted = target
    }

    /// Goes to `address` on a page whose ops are `ops`; the current instruction counts as retired if `retiring`.
    @inline(__always) mutating func enter(_ ops: UnsafeMutablePointer<Op>, _ address: UInt64, retiring: Int) {
        count(through: retiring)
        base = ops
        page = address & ~0xFFF
        op = ops + Int(truncatingIfNeeded: address >> 2 & 1023)
        counted = op
    }

    /// Counts the instructions since the last jump, and `extra` for the current one.
    @inline(__always) mutating func count(through extra: Int) {
        let done = (Int(bitPattern: op) &- Int(bitPattern: counted)) / MemoryLayout<Op>.stride
        retired = retired &+ UInt64(truncatingIfNeeded: done &+ extra)
    }

    /// Starts counting anew, after the count was taken.
    @inline(__always) mutating func restart() {
        counted = op
        retired = 0
    }
}
