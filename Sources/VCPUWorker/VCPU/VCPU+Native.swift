import CHost
import Shared

// From the interpreter into generated code and back.

extension VCPU {
    /// Counts a jump to the cursor's op. True when generated code is there, or it is time to make some.
    @inline(__always)
    func isHot(_ c: Cursor) -> Bool {
        let heat = CodeCache.heat(c.base) + c.slot
        let value = heat.pointee
        if _fastPath(value >= 0 && value != Heat.threshold) {
            if value < Heat.threshold { heat.pointee = value &+ 1 }
            return false
        }
        return true
    }

    /// Executes generated code from the cursor's op, translating it first if need be, until the interpreter is needed again.
    /// Returns where; if `native.hasLeft` is set then, `pc` is where to go on instead.
    @inline(never)
    mutating func runNative(_ cursor: Cursor) -> Cursor {
        var c = cursor
        let context = native.context
        context.pointee.flags = NativeFlags.saved(c.nzcv)
        context.pointee.page = c.page
        context.pointee.base = UInt64(UInt(bitPattern: c.base))
        while true {
            guard let entry = translation(c) else {
                if lockstep.isOn { stayInSlice(c) }
                break
            }
            c.count(through: 0)
            let result = enterNative(entry)
            let base = UnsafeMutablePointer<Op>(bitPattern: UInt(context.pointee.base)).unsafelyUnwrapped
            guard result != 0 else {
                // A jump to a page that is not at hand, or the doorbell.
                c.counted = c.op
                c.nzcv = NativeFlags.nzcv(context.pointee.flags)
                c.retired = c.retired &+ context.pointee.retired
                context.pointee.retired = 0
                leave(c, at: branchTarget(context.pointee.target))
                nativeHasLeft = true
                return c
            }
            c.base = base
            c.page = context.pointee.page
            c.op = UnsafeMutablePointer<Op>(bitPattern: result & ~1).unsafelyUnwrapped
            c.counted = c.op
            guard result & 1 != 0, armada_load_relaxed32(control.doorbell) == 0, isHot(c) else { break }
        }
        c.nzcv = NativeFlags.nzcv(context.pointee.flags)
        c.retired = c.retired &+ context.pointee.retired
        context.pointee.retired = 0
        return c
    }

    /// Whether `runNative` has left for `pc`; asks once.
    @inline(__always)
    mutating func takeNativeLeave() -> Bool {
        let hasLeft = nativeHasLeft
        nativeHasLeft = false
        return hasLeft
    }

    private func enterNative(_ offset: Int) -> UInt {
        guard let base = native.base else { return 0 }
        return armada_call_native(base, native.context, base + offset)
    }

    /// The offset of the generated code for the cursor's op; nil when there is none.
    private mutating func translation(_ c: Cursor) -> Int? {
        let heat = CodeCache.heat(c.base) + c.slot
        if heat.pointee < 0 { return Int(heat.pointee & Int32.max) }
        guard native.isEnabled, c.slot < CodeCache.opsPerPage else { return nil }
        let page = CodeCache.header(c.base).pointee.hostPage
        if native.position > NativeCode.byteCount - NativeCode.reserve {
            code.forgetAllTranslations()
            native.removeAll()
        }
        guard
            let offset = Translator.translate(
                slot: c.slot, ops: c.base, page: page, features: features.set, code: &native)
        else {
            heat.pointee = Heat.never
            return nil
        }
        code.markTranslated(c.base)
        heat.pointee = Heat.translated | Int32(truncatingIfNeeded: offset)
        return offset
    }

    /// Tells generated code what belongs to the current EL and, as far as SP_EL0 goes, to the current SP.
    @inline(__always)
    mutating func prepareNative() {
        // Where this vCPU is, and in the address's low bits what it may access.
        let place = UInt(truncatingIfNeeded: address(of: &system.tpidr_EL0))
        let key = place | UInt(pstate.el == 0 ? 1 : 2 | pstate.sp & 1)
        if native.preparedFor != key { prepareNative(key) }
    }

    @inline(never)
    private mutating func prepareNative(_ key: UInt) {
        native.preparedFor = key
        let context = native.context
        let isEL0 = pstate.el == 0
        context.pointee.x = UInt64(UInt(bitPattern: x))
        context.pointee.tlb = UInt64(UInt(bitPattern: isEL0 ? mmu.unprivileged : mmu.privileged))
        context.pointee.fetch = UInt64(UInt(bitPattern: isEL0 ? code.fetchEL0 : code.fetchEL1))
        context.pointee.doorbell = UInt64(UInt(bitPattern: control.doorbell))
        context.pointee.tpidr_EL0 = address(of: &system.tpidr_EL0)
        context.pointee.tpidr_EL1 = isEL0 ? 0 : address(of: &system.tpidr_EL1)
        context.pointee.sp_EL0 = isEL0 || pstate.sp == 0 ? 0 : address(of: &system.sp_EL0)
    }

    /// A VCPU stays where it is, so its fields have addresses.
    private func address(of field: UnsafePointer<UInt64>) -> UInt64 { UInt64(UInt(bitPattern: field)) }
}
