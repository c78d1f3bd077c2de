extension VirtualMachine {
    func statistics(atEnd: Bool) -> ControlAnswer { atEnd ? .atEnd : .now(.snapshot(takeSnapshot())) }
}
