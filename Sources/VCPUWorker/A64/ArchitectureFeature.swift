/// What a row of the instruction set belongs to: the base architecture or an extension, by the manual's name.
enum ArchitectureFeature: String, Sendable, CaseIterable {
    case baseline = "Armv8.0"

    // Optional in Armv8.0
    case aes = "FEAT_AES"
    case pmull = "FEAT_PMULL"
    case sha1 = "FEAT_SHA1"
    case sha256 = "FEAT_SHA256"
    case crc32 = "FEAT_CRC32"
    case sb = "FEAT_SB"
    case ssbs = "FEAT_SSBS"
    case specres = "FEAT_SPECRES"

    // Armv8.1
    case lse = "FEAT_LSE"
    case rdm = "FEAT_RDM"
    case lor = "FEAT_LOR"
    case pan = "FEAT_PAN"

    // Armv8.2
    case fp16 = "FEAT_FP16"
    case dotProd = "FEAT_DotProd"
    case fhm = "FEAT_FHM"
    case sha512 = "FEAT_SHA512"
    case sha3 = "FEAT_SHA3"
    case sm3 = "FEAT_SM3"
    case sm4 = "FEAT_SM4"
    case uao = "FEAT_UAO"
    case dpb = "FEAT_DPB"
    case bf16 = "FEAT_BF16"
    case i8mm = "FEAT_I8MM"
    case sve = "FEAT_SVE"

    // Armv8.3
    case fcma = "FEAT_FCMA"
    case jscvt = "FEAT_JSCVT"
    case lrcpc = "FEAT_LRCPC"
    case pauth = "FEAT_PAuth"

    // Armv8.4
    case flagM = "FEAT_FlagM"
    case lrcpc2 = "FEAT_LRCPC2"
    case dit = "FEAT_DIT"

    // Armv8.5
    case flagM2 = "FEAT_FlagM2"
    case frintts = "FEAT_FRINTTS"
    case mte = "FEAT_MTE"
    case mte2 = "FEAT_MTE2"

    // Armv8.7 and later
    case ls64 = "FEAT_LS64"
    case ls64Accdata = "FEAT_LS64_ACCDATA"
    case wfxt = "FEAT_WFxT"
    case hbc = "FEAT_HBC"
    case mops = "FEAT_MOPS"
    case cssc = "FEAT_CSSC"
    case d128 = "FEAT_D128"
    case nmi = "FEAT_NMI"
    case lse128 = "FEAT_LSE128"
    case lrcpc3 = "FEAT_LRCPC3"
    case sme = "FEAT_SME"
}
