//! What is sent: a tag that says who sent it and when in the sender's order, and words that follow from it.

/// Producer and sequence number of a message in one word, and the mark that ends a stream.
///
/// The producer sits in the upper 16 bits, the sequence in the lower 48 and counts from 1, so that no valid
/// tag is 0: memory that was never written cannot pass for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(pub u64);

impl Tag {
    /// Ends a stream. No producer has this number.
    pub const END: Tag = Tag(u64::MAX);

    /// The tag of a producer's `sequence`th message.
    #[inline]
    pub fn new(producer: usize, sequence: u64) -> Tag {
        Tag(((producer as u64) << 48) | sequence)
    }

    /// Who sent it.
    #[inline]
    pub fn producer(self) -> usize {
        (self.0 >> 48) as usize
    }

    /// When, in the sender's order, counted from 1.
    #[inline]
    pub fn sequence(self) -> u64 {
        self.0 & ((1 << 48) - 1)
    }
}

/// What travels through a queue.
pub trait Payload: Default + Clone + Send + Sync + 'static {
    /// Bytes a message carries (behind its pointer, if boxed).
    const BYTES: usize;
    /// Whether it is sent as a pointer.
    const BOXED: bool = false;

    /// Writes every word.
    fn write(tag: Tag) -> Self;

    /// Reads every word; `None` when they do not belong to one message.
    fn read(&self) -> Option<Tag>;

    /// The bytes of a message by value, as another process may read them.
    ///
    /// # Panics
    ///
    /// When it is boxed: a pointer means nothing to another process.
    fn as_bytes(&self) -> &[u8] {
        unreachable!("a pointer means nothing to another process");
    }

    /// The same, to be written over.
    ///
    /// # Panics
    ///
    /// When it is boxed.
    fn as_bytes_mut(&mut self) -> &mut [u8] {
        unreachable!("a pointer means nothing to another process");
    }

    /// Reads the first word only and checks nothing: enough to tell the end of a stream from a message.
    fn tag(&self) -> Tag;
}

/// `N` words by value; word `i` is the tag plus `i` times an odd constant, so that every word of every message
/// differs from its neighbours' and from the same word of other messages.
#[derive(Clone)]
pub struct Words<const N: usize>(pub(crate) [u64; N]);

/// 2^64 divided by the golden ratio, made odd (Knuth, TAOCP 3, 6.4): multiples are spread over all bits.
const STRIDE: u64 = 0x9E37_79B9_7F4A_7C15;

impl<const N: usize> Default for Words<N> {
    #[inline]
    fn default() -> Self {
        Words([0; N])
    }
}

impl<const N: usize> Words<N> {
    #[inline]
    fn word(tag: u64, index: usize) -> u64 {
        tag.wrapping_add(STRIDE.wrapping_mul(index as u64))
    }
}

impl<const N: usize> Payload for Words<N> {
    const BYTES: usize = N * 8;

    #[inline]
    fn write(tag: Tag) -> Self {
        let mut words = [0; N];
        for (index, word) in words.iter_mut().enumerate() {
            *word = Self::word(tag.0, index);
        }
        Words(words)
    }

    #[inline]
    fn read(&self) -> Option<Tag> {
        let tag = self.0[0];
        let mut torn = 0;
        for (index, word) in self.0.iter().enumerate() {
            torn |= word ^ Self::word(tag, index);
        }
        if N > 1 {
            // Or the compiler would compare word by word, which without newer instructions takes twice as long.
            torn = std::hint::black_box(torn);
        }
        (torn == 0).then_some(Tag(tag))
    }

    #[inline]
    fn as_bytes(&self) -> &[u8] {
        bytemuck::bytes_of(&self.0)
    }

    #[inline]
    fn as_bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::bytes_of_mut(&mut self.0)
    }

    #[inline]
    fn tag(&self) -> Tag {
        Tag(self.0[0])
    }
}

/// 256 bytes on the heap: a queue moves the pointer, the consumer frees what the producer allocated.
/// `None` only where a queue leaves a default behind in its slot.
#[derive(Clone, Default)]
pub struct Boxed(Option<Box<Words<32>>>);

impl Payload for Boxed {
    const BYTES: usize = 256;
    const BOXED: bool = true;

    #[inline]
    fn write(tag: Tag) -> Self {
        Boxed(Some(Box::new(Words::write(tag))))
    }

    #[inline]
    fn read(&self) -> Option<Tag> {
        self.0.as_ref()?.read()
    }

    #[inline]
    fn tag(&self) -> Tag {
        self.0.as_ref().map_or(Tag(0), |words| words.tag())
    }
}
