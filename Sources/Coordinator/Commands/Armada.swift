import ArgumentParser

@main
struct Armada: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "armada",
        abstract: "A multi-process simulator of an ARM64 virtual machine, shaped like Linux KVM/arm64.")
}
