-- What pandoc's Typst writer leaves out or gets wrong for our reports.

local function quoted(text)
  return '"' .. text:gsub('\\', '\\\\'):gsub('"', '\\"'):gsub('\n', ' ') .. '"'
end

local function raw(text)
  return pandoc.RawBlock('typst', text)
end

-- An image's alternative text is dropped, and without it PDF/UA-1 refuses the document.
function Image(image)
  local alt = pandoc.utils.stringify(image.caption)
  return pandoc.RawInline('typst', '#picture(' .. quoted(image.src) .. ', alt: ' .. quoted(alt) .. ')')
end

-- What Typst would read as something else than the text it is: a hyphen before a digit becomes a minus sign, which a search for
-- the number as we write it would miss; a mark that begins a cell, a heading or a list; a point and a name behind an element, a
-- call.
local marks = { '^%-%d', '%W%-%d', '^[=+/%-]+$', '^%.[%a_\128-\255]' }

function Str(str)
  for _, mark in ipairs(marks) do
    if str.text:match(mark) then
      return pandoc.RawInline('typst', '#' .. quoted(str.text))
    end
  end
end

-- A figure stays in one piece: no line ends between a number and its unit.
function Link(link)
  if link.classes:includes('figure') then
    link.content:insert(1, pandoc.RawInline('typst', '#box['))
    link.content:insert(pandoc.RawInline('typst', ']'))
  end
  return link
end

-- Columns are aligned by a class of their cells, which the HTML reader does not look at.
function Table(tbl)
  local row = tbl.bodies[1] and tbl.bodies[1].body[1]
  for i, spec in ipairs(tbl.colspecs) do
    local right = row and row.cells[i] and row.cells[i].attr.classes:includes('gt_right')
    tbl.colspecs[i] = { right and pandoc.AlignRight or pandoc.AlignLeft, spec[2] }
  end
  return tbl
end

function Div(div)
  if div.classes:includes('answer') then
    return { raw('#block(inset: (left: 10pt, y: 2pt), stroke: (left: 2.5pt + accent))[#set text(size: 12.5pt)'), div, raw(']') }
  elseif div.classes:includes('not-known') or div.classes:includes('as-of') then
    return { raw('#block[#set text(fill: soft)'), div, raw(']') }
  elseif div.classes:includes('note') then
    return { raw('#block(above: 0.7em, below: 1.5em)[#set text(size: 8.8pt, fill: soft)'), div, raw(']') }
  elseif div.classes:includes('how') then
    return { raw('#block[#set text(size: 9pt)\n#set list(marker: none, body-indent: 0pt, spacing: 1em)'), div, raw(']') }
  elseif div.classes:includes('table') then
    return { raw('#block[#set text(size: 8.8pt)'), div, raw(']') }
  end
end
