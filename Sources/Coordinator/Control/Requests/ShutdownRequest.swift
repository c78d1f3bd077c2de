extension VirtualMachine {
    /// As if its user had ended it, but with a reason and an exit code of its own. The answer goes before the workers do.
    func shutdown() -> ControlAnswer {
        end(.shutDown)
        return .now(.done)
    }
}
