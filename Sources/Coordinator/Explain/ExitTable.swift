import Shared

/// `armada explain exits`: the table of exits as it stands in `arm_exit_handlers`.
enum ExitTable {
    static var text: String {
        var rows = [["exit", "", "KVM", "Armada", "else"]]
        for (code, handler) in codes { rows.append(["\(code.rawValue)", code.name, "handle_exit", handler, ""]) }
        for handler in arm_exit_handlers {
            let exceptionClass = handler.exceptionClass
            guard exceptionClass.meaning != nil else { continue }
            rows.append([
                "2 " + hexadecimal(UInt64(exceptionClass.rawValue), digits: 2), exceptionClass.name,
                exceptionClass.handlerInKVM, "\(handler.name)", exceptionClass.otherAnswers ?? "",
            ])
        }
        let widths = (0..<4).map { column in rows.reduce(0) { max($0, $1[column].count) } + 2 }
        var out = ""
        for row in rows {
            var line = ""
            for (cell, width) in zip(row, widths) { line += cell.left(width) }
            out += (row[4].isEmpty ? line.trimmingEnd : line + row[4]) + "\n"
        }
        let reserved = arm_exit_handlers.filter { $0.exceptionClass.meaning == nil }
        let names = Set(reserved.map { "\($0.name)" }).sorted().joined(separator: ", ")
        return out + "\nThe other \(reserved.count) classes are reserved: \(names), which is UNDEF to the guest.\n"
    }

    /// The exit codes but TRAP, and what `handleExit` does with them.
    private static var codes: [(ExitCode, String)] {
        [
            (.irq, "handleExit: back into the guest"), (.serror, "handleExit: back into the guest"),
            (.illegal, "handleExit: the run fails"),
        ]
    }
}

extension String {
    /// Without the spaces at its end.
    var trimmingEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
