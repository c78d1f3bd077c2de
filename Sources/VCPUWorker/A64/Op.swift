/// One decoded instruction, or a fused pair: what the interpreter executes and a translator would consume.
///
/// Sixteen bytes of plain data. The fields' meaning depends on `code`; the usual one is in their names. A register field
/// holds a *slot* of the register file (`RegisterSlot`), in which the zero register and SP are already told apart.
struct Op {
    var code: OpCode
    /// Destination slot, or Rt.
    var d: UInt8 = 0
    /// First source slot, or the base.
    var n: UInt8 = 0
    /// Second source slot, or the offset register.
    var m: UInt8 = 0
    /// Third source slot, shift amount, condition, Rt2, Rs …
    var a: UInt8 = 0
    /// A second selector: for `.vector` the `VectorOp`, otherwise small immediates.
    var aux: UInt16 = 0
    /// Immediate, offset, mask; for system instructions the whole word.
    var imm: UInt64 = 0

    init(
        _ code: OpCode, d: UInt8 = 0, n: UInt8 = 0, m: UInt8 = 0, a: UInt8 = 0, aux: UInt16 = 0, imm: UInt64 = 0
    ) {
        self.code = code
        self.d = d
        self.n = n
        self.m = m
        self.a = a
        self.aux = aux
        self.imm = imm
    }

    /// Of a load or store with writeback: the base is SP, and moves by what is no multiple of 16.
    var mayMisalignSP: Bool { n == RegisterSlot.sp && imm & 15 != 0 }

    /// An unallocated or unimplemented encoding.
    static func undefined(_ word: UInt32) -> Op { Op(.undefined, imm: UInt64(word)) }
}

/// Slots of the general register file.
enum RegisterSlot {
    /// The current stack pointer.
    static let sp: UInt8 = 31
    /// Reads as zero; never written.
    static let zero: UInt8 = 32
    /// Where writes to the zero register go; never read.
    static let sink: UInt8 = 33
    static let count = 34
}
