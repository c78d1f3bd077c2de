/// Cryptographic AES.
enum CryptographicAES {
    // swift-format-ignore
    static let rows: [EncodingRow] = [
        EncodingRow("AESE",   "01001110 00101000 010010nn nnnddddd", feature: .aes) { .wholeVector($0, .aese) },
        EncodingRow("AESD",   "01001110 00101000 010110nn nnnddddd", feature: .aes) { .wholeVector($0, .aesd) },
        EncodingRow("AESMC",  "01001110 00101000 011010nn nnnddddd", feature: .aes) { .wholeVector($0, .aesmc) },
        EncodingRow("AESIMC", "01001110 00101000 011110nn nnnddddd", feature: .aes) { .wholeVector($0, .aesimc) },
    ]
}
