import Shared

/// The GIC CPU interface of one PE, answered from the list registers.
struct VirtualCPUInterface {
    var state = CPUInterfaceState()
}
