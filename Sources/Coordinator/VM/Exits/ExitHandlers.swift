import Shared

/// What the run loop does after an exit has been handled.
enum ExitAction {
    /// Enter the guest again.
    case resume
    /// Wait for an interrupt, then enter the guest.
    case block
    /// Don't enter: the vCPU is off, or the run has ended (`VirtualMachine.outcome` says how).
    case leave
}

/// A row of the exit table.
///
/// Contract: the handler looks at `vcpu.exit`, builds the way back in `vcpu.entry` (register results, `advancePC()`, an injected
/// exception) and answers what to do next. It may refine `vcpu.reason`. It must not send, wait, or trust a field further
/// than the wire's ranges go. PC: an HVC arrives with PC already past it; everything else that is emulated is
/// advanced by the handler; an injected exception excludes an advance.
struct ExitHandler: Sendable {
    let exceptionClass: ExceptionClass
    /// The handler's name, for people.
    let name: StaticString
    let handle: @Sendable (VirtualMachine, VCPU) -> ExitAction

    init(
        _ exceptionClass: ExceptionClass, _ name: StaticString,
        _ handle: @escaping @Sendable (VirtualMachine, VCPU) -> ExitAction
    ) {
        self.exceptionClass = exceptionClass
        self.name = name
        self.handle = handle
    }
}

/// Traps by ESR_EL2.EC. A class without a row gets UNDEF.
let arm_exit_handlers: [ExitHandler] = {
    // swift-format-ignore
    let rows = [
        ExitHandler(.wfx,      "handleWFx")            { $0.handleWFx($1) },
        ExitHandler(.hvc64,    "handleHVC")            { $0.handleHVC($1) },
        ExitHandler(.smc64,    "handleSMC")            { $0.handleSMC($1) },
        ExitHandler(.sys64,    "handleSystemRegister") { $0.handleSystemRegister($1) },
        ExitHandler(.iabtLow,  "handleGuestAbort")     { $0.handleGuestAbort($1) },
        ExitHandler(.dabtLow,  "handleGuestAbort")     { $0.handleGuestAbort($1) },
    ]
    return (UInt8(0)..<64).map { number in
        let exceptionClass = ExceptionClass(rawValue: number)
        return rows.first { $0.exceptionClass == exceptionClass }
            ?? ExitHandler(exceptionClass, "handleUnknownClass") { $0.handleUnknownClass($1) }
    }
}()

extension VirtualMachine {
    /// KVM's `handle_exit`.
    func handleExit(_ vcpu: VCPU) -> ExitAction {
        switch vcpu.exit.code.withoutSError {
        case .trap:
            let exceptionClass = vcpu.exit.esr.exceptionClass
            vcpu.noteFault(exceptionClass)
            vcpu.reason = ExitReason(exceptionClass)
            return arm_exit_handlers[Int(exceptionClass.rawValue)].handle(self, vcpu)
        case .irq:
            vcpu.reason = .irq
            return .resume
        case .serror:
            vcpu.reason = .serror
            return .resume
        case .illegal:
            vcpu.reason = .illegal
            end(.failed("vCPU \(vcpu.index): illegal exception return to the guest at PC \(hexadecimal(vcpu.exit.pc))"))
            return .leave
        default:
            end(.failed("vCPU \(vcpu.index): unknown exit code \(hexadecimal(UInt64(vcpu.exit.code.rawValue)))"))
            return .leave
        }
    }

    /// The default row.
    func handleUnknownClass(_ vcpu: VCPU) -> ExitAction {
        let esr = vcpu.exit.esr
        if unknownClasses.insert(esr.exceptionClass.rawValue).inserted {
            logger.warning(
                """
                no exit handler: UNDEF for ESR_EL2 \(hexadecimal(UInt64(esr.rawValue), digits: 8)) at PC \
                \(hexadecimal(vcpu.exit.pc)), instruction \(hexadecimal(UInt64(vcpu.exit.instruction), digits: 8)). \
                Row: ExitHandler(ExceptionClass(rawValue: \(hexadecimal(UInt64(esr.exceptionClass.rawValue), digits: 2))), \
                "handleClass\(esr.exceptionClass.rawValue)") { $0.handleClass\(esr.exceptionClass.rawValue)($1) },  // \(esr.exceptionClass.name)
                """)
        }
        vcpu.injectUndefined()
        return .resume
    }
}
