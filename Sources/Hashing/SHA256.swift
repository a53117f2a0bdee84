import CCrypto

/// SHA-256, by the system's libcrypto.
package struct SHA256: ~Copyable {
    /// Bytes of a digest.
    package static let byteCount = 32

    private let context = EVP_MD_CTX_new()

    /// Of nothing yet.
    package init() {
        let begun = EVP_DigestInit_ex(context, EVP_sha256(), nil)
        precondition(begun == 1, "libcrypto has SHA-256, and memory for it")
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes in more bytes.
    package func update(_ bytes: some Sequence<UInt8>) {
        let isContiguous: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if isContiguous == nil { Array(bytes).withUnsafeBytes { update($0) } }
    }

    /// Takes in a word with its length, so that no two lists of words look alike.
    package func update(word: String) { update("\(word.utf8.count):\(word)".utf8) }

    /// Takes in more bytes.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
    }

    /// The digest of all that was taken in.
    package consuming func finalize() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            count = Self.byteCount
        }
    }

    /// The digest of some bytes.
    package static func hash(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        let hash = SHA256()
        hash.update(bytes)
        return hash.finalize()
    }

    /// Whether two digests are equal. Takes as long whatever the answer is and wherever they differ, so the time does
    /// not tell how close a guess was.
    package static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
