use std::fmt;

macro_rules! categories {
    ( $( $(#[$meta:meta])* $name:ident = $text:literal ),+ $(,)? ) => {
        /// A hazard, after the taxonomy of MLCommons' AILuminate; fraud, malware, weapons,
        /// harassment and misinformation are told apart further.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Category { $( $(#[$meta])* $name, )+ }

        impl Category {
            /// All of them, in the order of the model's outputs.
            pub const ALL: &'static [Self] = &[ $( Self::$name ),+ ];

            /// Its name in configurations, records and errors.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$name => $text, )+ }
            }
        }
    };
}

categories! {
    /// Murder, assault, kidnapping, terrorism, cruelty to animals.
    ViolentCrimes = "violent_crimes",
    /// Theft, burglary, drugs, trafficking, bribery, vandalism.
    NonViolentCrimes = "non_violent_crimes",
    /// Scams, forgery, identity theft, cooking the books.
    Fraud = "fraud",
    /// Malicious software, break-ins into accounts and systems, attacks on them.
    Malware = "malware",
    /// Explosives, guns outside the law, chemical, biological and nuclear arms.
    Weapons = "weapons",
    /// Demeaning people for what they are.
    Hate = "hate",
    /// Threats, bullying and abuse of a person.
    Harassment = "harassment",
    /// Suicide, self-injury, disordered eating.
    SelfHarm = "self_harm",
    /// Pornography and paid sex.
    SexualContent = "sexual_content",
    /// Rape, groping, secret recordings, sexual blackmail.
    SexualCrimes = "sexual_crimes",
    /// Sexual content about minors, and grooming.
    ChildExploitation = "child_exploitation",
    /// Stalking, spying, exposing private data.
    Privacy = "privacy",
    /// Invented facts about people, elections, health and the world.
    Misinformation = "misinformation",
    /// Piracy, counterfeits, stolen secrets.
    IntellectualProperty = "intellectual_property",
    /// Medical, legal and financial advice that takes the place of an expert's.
    SpecializedAdvice = "specialized_advice",
}

impl Category {
    /// The category of this name.
    ///
    /// ```
    /// use portcullis::policy::safety::Category;
    ///
    /// assert_eq!(Category::parse("self_harm"), Some(Category::SelfHarm));
    /// ```
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|category| category.as_str() == name)
    }

    pub(super) fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
