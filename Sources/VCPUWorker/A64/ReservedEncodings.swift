/// Arm ARM "Reserved", and the encoding spaces of the scalable extensions.
enum ReservedEncodings {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("UDF", "0000000000000000 iiiiiiiiiiiiiiii") { .undefined($0.raw) },
        .absent("SME encodings", "1oo0000 iiiiiiiiiiiiiiiiiiiiiiiii", .sme),
        .absent("SVE encodings", "ooo0010 iiiiiiiiiiiiiiiiiiiiiiiii", .sve),
    ]
}
