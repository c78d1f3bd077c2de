/// Advanced SIMD scalar two-register miscellaneous FP16.
enum AdvancedSIMDScalarTwoRegisterMiscellaneousFP16 {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("FCVTNS (vector, scalar half)",         "01011110 01111001 101010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.tieEven, isUnsigned: false)) },
        EncodingRow("FCVTNU (vector, scalar half)",         "01111110 01111001 101010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.tieEven, isUnsigned: true)) },
        EncodingRow("FCVTMS (vector, scalar half)",         "01011110 01111001 101110nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.negInf, isUnsigned: false)) },
        EncodingRow("FCVTMU (vector, scalar half)",         "01111110 01111001 101110nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.negInf, isUnsigned: true)) },
        EncodingRow("FCVTPS (vector, scalar half)",         "01011110 11111001 101010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.posInf, isUnsigned: false)) },
        EncodingRow("FCVTPU (vector, scalar half)",         "01111110 11111001 101010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.posInf, isUnsigned: true)) },
        EncodingRow("FCVTZS (vector, scalar half)",         "01011110 11111001 101110nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: false)) },
        EncodingRow("FCVTZU (vector, scalar half)",         "01111110 11111001 101110nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.zero, isUnsigned: true)) },
        EncodingRow("FCVTAS (vector, scalar half)",         "01011110 01111001 110010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.tieAway, isUnsigned: false)) },
        EncodingRow("FCVTAU (vector, scalar half)",         "01111110 01111001 110010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcvtToFixed, .toFixed(.tieAway, isUnsigned: true)) },
        EncodingRow("SCVTF (vector, integer, scalar half)", "01011110 01111001 110110nn nnnddddd", feature: .fp16) { .halfScalar($0, .cvtfFixed, .fromFixed(isUnsigned: false)) },
        EncodingRow("UCVTF (vector, integer, scalar half)", "01111110 01111001 110110nn nnnddddd", feature: .fp16) { .halfScalar($0, .cvtfFixed, .fromFixed(isUnsigned: true)) },
        EncodingRow("FCMGT (scalar, zero, half)",           "01011110 11111000 110010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcmgtZero) },
        EncodingRow("FCMGE (scalar, zero, half)",           "01111110 11111000 110010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcmgeZero) },
        EncodingRow("FCMEQ (scalar, zero, half)",           "01011110 11111000 110110nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcmeqZero) },
        EncodingRow("FCMLE (scalar, zero, half)",           "01111110 11111000 110110nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcmleZero) },
        EncodingRow("FCMLT (scalar, zero, half)",           "01011110 11111000 111010nn nnnddddd", feature: .fp16) { .halfScalar($0, .fcmltZero) },
        EncodingRow("FRECPE (scalar, half)",                "01011110 11111001 110110nn nnnddddd", feature: .fp16) { .halfScalar($0, .frecpe) },
        EncodingRow("FRSQRTE (scalar, half)",               "01111110 11111001 110110nn nnnddddd", feature: .fp16) { .halfScalar($0, .frsqrte) },
        EncodingRow("FRECPX (half)",                        "01011110 11111001 111110nn nnnddddd", feature: .fp16) { .halfScalar($0, .frecpx) },
    ]
}
