import CWire

// The identification registers on the wire: words in the order of `IDRegister`.

extension IDRegisterSet {
    /// Puts the registers out as words.
    ///
    /// - Parameter words: room for as many as there are cases of `IDRegister`.
    func put(into words: UnsafeMutablePointer<UInt64>) {
        for register in IDRegister.allCases { words[register.rawValue] = self[register] }
    }
}

extension FrameDecoder {
    /// Of Welcome, where it is always there, or of a frame of its own. Refuses what the PE cannot stand for.
    func decode(_ pointer: UnsafeMutablePointer<Armada__Wire__Identification>?) throws(WireError) -> IDRegisterSet {
        let message = try body(pointer)
        try checkFields(message.base)
        guard message.n_registers == IDRegister.allCases.count, let words = message.registers else {
            throw .identificationCount(message.n_registers)
        }
        var set = IDRegisterSet.implemented
        for register in IDRegister.allCases { set[register] = words[register.rawValue] }
        if let problem = set.problem { throw .identification(problem) }
        return set
    }
}
