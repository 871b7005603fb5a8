//! Reads a stub: its classes and functions, as the formatter lays them out.

use std::collections::HashMap;
use std::iter::Peekable;
use std::str::Lines;

#[derive(Default)]
pub struct Stub {
    pub classes: HashMap<String, Class>,
    pub functions: HashMap<String, Function>,
}

#[derive(Default)]
pub struct Class {
    doc: Option<String>,
    pub members: HashMap<String, Function>,
}

#[derive(Default)]
pub struct Function {
    pub doc: Option<String>,
    /// Those of all overloads; an argument that only some of them have is optional.
    parameters: Vec<Parameter>,
}

#[derive(Clone, PartialEq)]
struct Parameter {
    /// With its stars; or a lone `*` or `/`.
    name: String,
    default: Option<String>,
}

impl Stub {
    pub fn read(source: &str) -> Self {
        let mut stub = Self::default();
        let mut class = None;
        let mut lines = source.lines().peekable();
        while let Some(line) = lines.next() {
            let code = line.trim_start();
            let is_member = code.len() < line.len();
            if let Some(rest) = line.strip_prefix("class ") {
                let name = identifier(rest);
                let doc = docstring(&mut lines);
                stub.classes.insert(name.clone(), Class { doc, ..Class::default() });
                class = Some(name);
            } else if let Some(rest) = code.strip_prefix("def ").or(code.strip_prefix("async def "))
            {
                let function = Function::read(rest, &mut lines);
                let own = class.as_ref().filter(|_| is_member);
                let functions = match own.and_then(|name| stub.classes.get_mut(name)) {
                    Some(class) => &mut class.members,
                    None => &mut stub.functions,
                };
                functions.entry(identifier(rest)).or_default().overload(function);
            }
        }
        stub
    }
}

impl Class {
    /// The docstring, and after it that of the constructor.
    pub fn doc(&self) -> Option<String> {
        let parts = [self.doc.as_ref(), self.constructor().and_then(|new| new.doc.as_ref())];
        let parts: Vec<_> = parts.into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join("\n\n"))
    }

    pub fn constructor(&self) -> Option<&Function> {
        self.members.get("__new__")
    }
}

impl Function {
    /// Reads a function whose header begins with `start`.
    fn read(start: &str, lines: &mut Peekable<Lines<'_>>) -> Self {
        let mut header = start.trim().to_owned();
        while !(header.ends_with(':') || header.ends_with(": ...")) || depth(&header) > 0 {
            let Some(next) = lines.next() else { break };
            header = format!("{header} {}", next.trim());
        }
        let doc = if header.ends_with(':') { docstring(lines) } else { None };
        let (from, to) = (header.find('(').unwrap_or(0), header.rfind(") ->"));
        let parameters = &header[from + 1..to.unwrap_or(header.len())];
        Self { doc, parameters: split(parameters, ',').into_iter().map(Parameter::read).collect() }
    }

    /// Adds a further overload of the same function.
    fn overload(&mut self, other: Self) {
        if self.parameters.is_empty() {
            *self = other;
            return;
        }
        let former = std::mem::replace(&mut self.parameters, other.parameters);
        for parameter in &mut self.parameters {
            let everywhere = former.iter().find(|one| one.name == parameter.name);
            parameter.join(everywhere);
        }
        self.doc = other.doc.or(self.doc.take());
    }

    /// The signature as Python's own modules have it, with `receiver` in the place of `self` or `cls`.
    pub fn signature(&self, receiver: Option<&str>) -> String {
        let own = self.parameters.iter().filter(|one| !matches!(&*one.name, "self" | "cls"));
        let own = own.map(|parameter| match &parameter.default {
            Some(default) => format!("{}={default}", parameter.name),
            None => parameter.name.clone(),
        });
        let all: Vec<_> = receiver.map(str::to_owned).into_iter().chain(own).collect();
        format!("({})", all.join(", "))
    }
}

impl Parameter {
    fn read(source: &str) -> Self {
        let parts = split(source, '=');
        let name = split(parts[0], ':')[0].to_owned();
        Self { name, default: parts.get(1).map(|&default| default.to_owned()) }
    }

    /// Makes it optional where another overload has it with a default, or not at all.
    fn join(&mut self, other: Option<&Self>) {
        let marks = matches!(&*self.name, "*" | "/" | "self" | "cls");
        if self.default.is_none() && !marks {
            self.default = match other {
                Some(other) => other.default.clone(),
                None => Some("None".to_owned()),
            };
        }
    }
}

/// The name that a line begins with.
fn identifier(code: &str) -> String {
    code.chars().take_while(|&char| char.is_alphanumeric() || char == '_').collect()
}

/// How many brackets are open at the end.
fn depth(code: &str) -> usize {
    let count = |brackets: &str| code.chars().filter(|&char| brackets.contains(char)).count();
    count("([{").saturating_sub(count(")]}"))
}

/// Splits at a separator outside of brackets; without empty parts.
fn split(code: &str, separator: char) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut open) = (0, 0_usize);
    for (place, char) in code.char_indices() {
        match char {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open = open.saturating_sub(1),
            _ if char == separator && open == 0 => {
                parts.push(code[start..place].trim());
                start = place + char.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(code[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

/// The docstring that comes next, if one does, without its indentation.
fn docstring(lines: &mut Peekable<Lines<'_>>) -> Option<String> {
    let first = lines.next_if(|line| line.trim_start().starts_with("\"\"\""))?;
    let indentation = first.len() - first.trim_start().len();
    let mut doc = first.trim_start().trim_start_matches('"').to_owned();
    while !doc.ends_with("\"\"\"") {
        let line = lines.next()?;
        doc.push('\n');
        doc.push_str(line.get(indentation..).unwrap_or_default());
    }
    Some(doc.trim_end_matches('"').trim_end().to_owned())
}
