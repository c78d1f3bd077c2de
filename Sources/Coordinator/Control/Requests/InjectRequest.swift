import Shared

/// An exception that a client wants a vCPU to take: KVM_SET_VCPU_EVENTS, and `kvm_inject_dabt` and its kin.
enum AskedException: Equatable, Sendable {
    /// `iss` is VSESR_EL2's; nil, as KVM has it when none is given: IMPLEMENTATION DEFINED, and nothing in it.
    case serror(iss: UInt32?)
    /// External aborts, with FAR_EL1.
    case dataAbort(UInt64)
    case instructionAbort(UInt64)
    case undefined

    fileprivate var injected: InjectedException {
        switch self {
        case .serror(let iss): InjectedException(.serror, syndrome: UInt64(iss ?? ExceptionSyndrome.serrorIDS))
        case .dataAbort(let address): InjectedException(.dataAbort, address: address)
        case .instructionAbort(let address): InjectedException(.instructionAbort, address: address)
        case .undefined: InjectedException(.undefined)
        }
    }

    /// Why no processor without FEAT_RAS has this exception; nil: it may.
    ///
    /// Source: Arm ARM "ISS encoding for an SError interrupt": without FEAT_RAS bits 23:0 are RES0 unless IDS is set.
    fileprivate var refusal: String? {
        guard case .serror(let iss?) = self, iss != 0, iss & ExceptionSyndrome.serrorIDS == 0 else { return nil }
        return "ISS \(hexadecimal(UInt64(iss))) needs FEAT_RAS, which ID_AA64PFR0_EL1 does not announce: "
            + "give 0, or set IDS (bit 24)"
    }
}

extension VirtualMachine {
    func inject(_ exception: AskedException, vcpu: Int) -> ControlAnswer {
        if let refusal = refusal(vcpu, "nothing can be injected") ?? exception.refusal
            ?? inject(exception.injected, into: vcpus[vcpu])
        {
            return .now(.failure(refusal))
        }
        return .now(.done)
    }
}
