/// Cryptographic three-register SHA and two-register SHA.
enum CryptographicSHA {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("SHA1C",     "01011110 000mmmmm 000000nn nnnddddd", feature: .sha1) { .full($0, .sha1c) },
        EncodingRow("SHA1P",     "01011110 000mmmmm 000100nn nnnddddd", feature: .sha1) { .full($0, .sha1p) },
        EncodingRow("SHA1M",     "01011110 000mmmmm 001000nn nnnddddd", feature: .sha1) { .full($0, .sha1m) },
        EncodingRow("SHA1SU0",   "01011110 000mmmmm 001100nn nnnddddd", feature: .sha1) { .full($0, .sha1su0) },
        EncodingRow("SHA256H",   "01011110 000mmmmm 010000nn nnnddddd", feature: .sha256) { .full($0, .sha256h) },
        EncodingRow("SHA256H2",  "01011110 000mmmmm 010100nn nnnddddd", feature: .sha256) { .full($0, .sha256h2) },
        EncodingRow("SHA256SU1", "01011110 000mmmmm 011000nn nnnddddd", feature: .sha256) { .full($0, .sha256su1) },
        EncodingRow("SHA1H",     "01011110 00101000 000010nn nnnddddd", feature: .sha1) { .full($0, .sha1h) },
        EncodingRow("SHA1SU1",   "01011110 00101000 000110nn nnnddddd", feature: .sha1) { .full($0, .sha1su1) },
        EncodingRow("SHA256SU0", "01011110 00101000 001010nn nnnddddd", feature: .sha256) { .full($0, .sha256su0) },
    ]
}
