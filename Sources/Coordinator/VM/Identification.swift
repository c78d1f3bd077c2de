import Shared

// The identification registers are the VM's: all vCPUs have the same, and none once the VM has run has others. KVM's
// `set_id_reg`, `arm64_check_features` and `kvm_vm_has_ran_once`.

extension VirtualMachine {
    /// A vCPU has been in the guest.
    var hasRun: Bool { lastEntry != 0 }

    /// Has every worker stand for `registers`, which are possible, before the VM runs. Each worker reads this before anything
    /// that is sent later, so that none is ever in the guest with others.
    func identify(_ registers: IDRegisterSet) {
        guard registers != identification else { return }
        identification = registers
        for vcpu in vcpus where vcpu.state != .lost {
            do throws(WireError) {
                try vcpu.channel.send(identification: registers)
            } catch {
                lost(vcpu, .gone)
            }
        }
    }
}
