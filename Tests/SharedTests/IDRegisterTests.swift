import Testing

@testable import Shared

/// What identification registers a VM can be given.
@Suite struct IDRegisterTests {
    private static let implemented = IDRegisterSet.implemented

    /// The bits of `register` that cannot be as in `value`, the others being the PE's.
    private func unsafeBits(_ register: IDRegister, _ value: UInt64) -> UInt64 {
        var set = Self.implemented
        set[register] = value
        guard case .unsafe(register, value, let bits) = set.problem else { return 0 }
        return bits
    }

    /// Of each field: what is between 0 and the PE's own value, in the order that signed fields have, and nothing else.
    @Test func fieldsCanBeLoweredAndNotRaised() {
        for field in IDRegisterField.all {
            let limit = Self.implemented[field.register]
            for number in UInt64(0)..<16 {
                let value = limit & ~field.mask | number << field.shift
                let isBelow = number <= limit >> field.shift & 0xF
                let expected = isBelow ? 0 : value & field.mask
                #expect(unsafeBits(field.register, value) == expected, "\(field.name) \(number)")
            }
            #expect(limit & field.mask != 0, "\(field.name) cannot be lowered")
        }
    }

    @Test func whatIsNoFieldHasOneValue() {
        for register in IDRegister.allCases {
            for bit in UInt64(0)..<64 where register.writableMask & 1 << bit == 0 {
                #expect(unsafeBits(register, Self.implemented[register] ^ 1 << bit) == 1 << bit)
            }
        }
    }

    @Test func noFieldStandsTwice() {
        for register in IDRegister.allCases {
            let fields = IDRegisterField.all.filter { $0.register == register }
            #expect(fields.reduce(0) { $0 + $1.mask.nonzeroBitCount } == register.writableMask.nonzeroBitCount)
            #expect(!fields.isEmpty && IDRegister(id: register.id) == register)
            #expect(IDRegister(register.register) == register)
        }
    }

    @Test func thePEHasAllFeaturesAndEachFieldAnnouncesOne() {
        #expect(Self.implemented.features == .all && Self.implemented.problem == nil)
        for field in IDRegisterField.all {
            #expect(CPUFeature.allCases.contains { $0.announcements.contains { $0.field == field } }, "\(field.name)")
        }
        for feature in CPUFeature.allCases {
            #expect(CPUFeature(name: feature.name) == feature)
            #expect(CPUFeature(name: String(feature.name.dropFirst(5)).lowercased()) == feature)
        }
        #expect(CPUFeature(name: "FEAT_SVE") == nil && CPUFeature(name: "") == nil)
    }

    /// Any features that need nothing that is missing make registers that announce them and no others.
    @Test func registersAnnounceWhatIsLeft() {
        var random = SplitMix64(seed: 7)
        var possible = 0
        for _ in 0..<4_000 {
            // Few are taken away, or hardly any set would be consistent.
            let bits = UInt32(truncatingIfNeeded: random.next() & random.next())
            let removed = CPUFeatureSet.all.intersection(CPUFeatureSet(rawValue: bits))
            let left = CPUFeatureSet.all.subtracting(removed)
            guard left.problem == nil else { continue }
            possible += 1
            var registers = Self.implemented
            for feature in CPUFeature.allCases.shuffled(using: &random) where removed.contains(feature) {
                registers.remove(feature)
            }
            #expect(registers.problem == nil && registers.features == left, "\(removed)")
        }
        #expect(possible > 20)
    }

    @Test func whatNeedsSomethingThatIsMissingIsRefused() {
        func problem(without feature: CPUFeature) -> IDRegisterProblem? {
            CPUFeatureSet.all.subtracting(CPUFeatureSet(feature)).problem
        }
        #expect(problem(without: .AES) == .missing(.AES, for: .PMULL))
        #expect(problem(without: .SHA1) == .missing(.SHA1, for: .SHA256))
        #expect(problem(without: .SHA256) == .missing(.SHA256, for: .SHA1))
        #expect(problem(without: .PAN) == .missing(.PAN, for: .PAN2))
        #expect(problem(without: .CSV2) == .missing(.CSV2, for: .CSV2_2))
        #expect(problem(without: .CSV3) == .missing(.CSV3, for: .E0PD))
        for feature: CPUFeature in [.PMULL, .CRC32, .LSE, .FP16, .PAN2, .E0PD, .CSV2_3] {
            #expect(problem(without: feature) == nil, "\(feature)")
        }
        var registers = Self.implemented
        registers[.pfr0] &= ~(0xF << 20)
        #expect(registers.problem == .disagreement(.FP16))
        registers = Self.implemented
        // Atomic = 1 is reserved: not LSE, and nothing else.
        registers[.isar0] ^= 3 << 20
        #expect(registers.problem == nil && registers.features == CPUFeatureSet.all.subtracting(CPUFeatureSet(.LSE)))
    }
}
