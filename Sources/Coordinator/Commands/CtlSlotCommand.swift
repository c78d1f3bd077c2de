import ArgumentParser
import Shared

/// `armada ctl slot`.
struct CtlSlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "slot",
        abstract: "Add, remove and move memory slots, and log the pages that are written.",
        discussion: """
            Each command returns when the change is true for every vCPU. armada ctl slots lists the slots.
            """,
        subcommands: [
            CtlSlotAddCommand.self, CtlSlotRemoveCommand.self, CtlSlotMoveCommand.self, CtlSlotLogCommand.self,
            CtlSlotDirtyCommand.self, CtlSlotAgeCommand.self, CtlSlotSplitCommand.self, CtlSlotMergeCommand.self,
        ])
}

struct SlotNumber: ParsableArguments {
    @Argument(help: ArgumentHelp("The slot's number, as in armada ctl slots.", valueName: "slot"))
    var number: Int

    func validate() throws {
        guard 0..<MemorySlots.maximumCount ~= number else {
            throw ValidationError("slot \(number) is not possible: give 0 to \(MemorySlots.maximumCount - 1)")
        }
    }
}

/// A change to a slot.
protocol SlotChangingCommand: ChangingCommand {
    var slot: SlotNumber { get }
    var change: SlotChange { get }
}

extension SlotChangingCommand {
    var request: ControlRequest { .changeSlot(slot.number, change) }
}

/// `armada ctl slot add`.
struct CtlSlotAddCommand: SlotChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Give the guest more memory.",
        discussion: """
            The memory is a part of the VM's RAM file, which is twice as large as the RAM that the VM began with. \
            Two slots may show the same part. The guest's device tree does not change.

            Example: armada ctl slot add 1 --at 0x80000000 --size 64M
            """)
    @OptionGroup var slot: SlotNumber
    @Option(help: ArgumentHelp("The IPA of its first byte.", valueName: "address"))
    var at: WordArgument
    @Option(help: ArgumentHelp("Its size, a multiple of the page size.", valueName: "size"))
    var size: MemorySize
    @Option(
        help: ArgumentHelp(
            "Where it begins in the RAM file; without it, it gets zeros that no other slot shows.", valueName: "offset")
    )
    var offset: WordArgument?
    @Flag(help: "Writes of the guest go to the device at that address, or abort, as to a ROM.")
    var readOnly = false
    @OptionGroup var vm: VMTarget

    var change: SlotChange {
        .create(
            base: IPA(at.value), byteCount: size.byteCount, output: offset.map { HostOffset($0.value) },
            isReadOnly: readOnly)
    }
}

/// `armada ctl slot remove`.
struct CtlSlotRemoveCommand: SlotChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take memory away from the guest.")
    @OptionGroup var slot: SlotNumber
    @OptionGroup var vm: VMTarget
    var change: SlotChange { .delete }
}

/// `armada ctl slot move`.
struct CtlSlotMoveCommand: SlotChangingCommand {
    static let configuration = CommandConfiguration(
        commandName: "move", abstract: "Give memory another address in the guest.")
    @OptionGroup var slot: SlotNumber
    @Option(help: ArgumentHelp("The new IPA of its first byte.", valueName: "address"))
    var to: WordArgument
    @OptionGroup var vm: VMTarget
    var change: SlotChange { .move(to: IPA(to.value)) }
}

/// `armada ctl slot log`.
struct CtlSlotLogCommand: SlotChangingCommand {
    enum Switch: String, CaseIterable, ExpressibleByArgument { case on, off }

    static let configuration = CommandConfiguration(
        commandName: "log", abstract: "Begin or end the log of the pages that are written.")
    @OptionGroup var slot: SlotNumber
    @Argument(help: "on or off.") var state: Switch
    @OptionGroup var vm: VMTarget
    var change: SlotChange { .logDirtyPages(state == .on) }
}

/// `armada ctl slot dirty`.
struct CtlSlotDirtyCommand: ExecutableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dirty",
        abstract: "Print the pages written since the last such command, and begin anew.",
        discussion: "One line for each run of pages: first and last address, and how many pages.")
    @OptionGroup var slot: SlotNumber
    @OptionGroup var vm: VMTarget

    func execute() throws -> Int32 {
        let log = try vm.ask(.dirtyLog(slot: slot.number)) { if case .dirtyPages(let log) = $0 { log } else { nil } }
        var text = ""
        for range in log.pages.ranges {
            let first = log.base.rawValue &+ UInt64(range.lowerBound) &* log.pageByteCount
            let last = first &+ UInt64(range.count) &* log.pageByteCount &- 1
            text += "\(IPA(first))-\(IPA(last))  \(range.count)\n"
        }
        try StandardOutput.write(text + "\(log.pages.count) of \(log.pages.pageCount) pages were written\n")
        return 0
    }
}

/// Something that happens to all translations of a slot.
protocol SlotPagesCommand: ExecutableCommand {
    static var operation: SlotPageOperation { get }
    var slot: SlotNumber { get }
    var vm: VMTarget { get }
    func text(_ visit: Stage2.Visit) -> String
}

extension SlotPagesCommand {
    func execute() throws -> Int32 {
        let visit = try vm.ask(.slotPages(slot.number, Self.operation)) {
            if case .pageVisit(let visit) = $0 { visit } else { nil }
        }
        try StandardOutput.write(text(visit) + "\n")
        return 0
    }
}

/// `armada ctl slot age`.
struct CtlSlotAgeCommand: SlotPagesCommand {
    static let operation = SlotPageOperation.age
    static let configuration = CommandConfiguration(
        commandName: "age",
        abstract: "Clear the access flags; say how many blocks and pages were used since the last time.")
    @OptionGroup var slot: SlotNumber
    @OptionGroup var vm: VMTarget
    func text(_ visit: Stage2.Visit) -> String { "\(visit.changed) of \(visit.leaves) blocks and pages were used" }
}

/// `armada ctl slot split`.
struct CtlSlotSplitCommand: SlotPagesCommand {
    static let operation = SlotPageOperation.split
    static let configuration = CommandConfiguration(
        commandName: "split", abstract: "Replace the blocks that map the slot by pages.")
    @OptionGroup var slot: SlotNumber
    @OptionGroup var vm: VMTarget
    func text(_ visit: Stage2.Visit) -> String { "\(visit.changed) blocks are split" }
}

/// `armada ctl slot merge`.
struct CtlSlotMergeCommand: SlotPagesCommand {
    static let operation = SlotPageOperation.merge
    static let configuration = CommandConfiguration(
        commandName: "merge", abstract: "Replace the pages that map the slot by blocks, where that is possible.")
    @OptionGroup var slot: SlotNumber
    @OptionGroup var vm: VMTarget
    func text(_ visit: Stage2.Visit) -> String { "\(visit.changed) tables of pages are now blocks" }
}
