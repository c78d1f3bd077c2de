/// What `armada bench exits` can measure, in the order of the guest program's table. What begins and ends each one is in
/// docs/measuring.md.
enum BenchOperation: String, CaseIterable, Sendable {
    case hypCall = "hyp_call"
    case mmioReadUser = "mmio_read_user"
    case mmioWriteUser = "mmio_write_user"
    case mmioReadVGIC = "mmio_read_vgic"
    case eoi
    case counterRead = "counter_read"
    case ipi
    case ipiWFI = "ipi_wfi"
    case timer10ms = "timer_10ms"
    case sysregTrap = "sysreg_trap"
    case stage2Fault4K = "stage2_fault_4k"
    case stage2Fault2M = "stage2_fault_2m"
    case wfiWake = "wfi_wake"
    case spiInject = "spi_inject"
    case ioOut = "io_out"
    case ioIn = "io_in"
    case vcpuSwitch = "vcpu_switch"

    /// The exit whose way is stamped: of which vCPU, and for what reason. nil: the operation has none of its own.
    var exit: (vcpu: Int, reason: ExitReason)? {
        switch self {
        case .hypCall: (0, ExitReason(.hvc64))
        case .mmioReadUser: (0, .mmioReadUser)
        case .mmioWriteUser, .ioOut: (0, .mmioWriteUser)
        case .mmioReadVGIC: (0, .mmioReadKernel)
        case .sysregTrap: (0, ExitReason(.sys64))
        case .stage2Fault4K, .stage2Fault2M: (0, .dataUserMemory)
        case .timer10ms, .spiInject, .ioIn: (0, .irq)
        case .wfiWake, .vcpuSwitch: (0, .wfi)
        case .ipi: (1, .irq)
        case .ipiWFI: (1, .wfi)
        case .eoi, .counterRead: nil
        }
    }

    /// Whether the sample begins and ends with that exit, so that its stages sum up to what the guest saw.
    var isOneExit: Bool {
        switch self {
        case .hypCall, .mmioReadUser, .mmioWriteUser, .mmioReadVGIC, .sysregTrap, .stage2Fault4K, .stage2Fault2M: true
        default: false
        }
    }

    var minimumVCPUCount: Int {
        switch self {
        case .ipi, .ipiWFI: 2
        default: 1
        }
    }
}
